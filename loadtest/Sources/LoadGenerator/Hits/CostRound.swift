internal import Glibc

/// What hits at a fixed rate cost an edge, once.
public struct CostRound: Codable, Sendable, Equatable {
    public var hits: Int
    /// Of all of its threads, for one hit.
    public var cpuMicroseconds: Double
    /// Why the round says nothing; empty for one that counts.
    public var failures: [String]

    init(_ figures: SteadyFigures, cpuNanoseconds: UInt64, answers: [String: Int]) {
        hits = figures.hits
        cpuMicroseconds = (Double(cpuNanoseconds) / 1e3 / Double(max(figures.hits, 1)) * 1e3).rounded() / 1e3
        failures = figures.failures
        if answers != ["hit": figures.hits] {
            failures.append(
                "the edge counted \(Format.counts(answers)), the generator \(Format.count(figures.hits)) hits")
        }
    }

    /// Of two kinds of rounds, side by side; without a value where one of them says nothing.
    static func ratio(_ rounds: [CostRound], to others: [CostRound], goal: Double?) -> HitComparison.Ratio {
        guard !rounds.isEmpty, rounds.count == others.count else {
            return HitComparison.Ratio(refusal: "the rounds are not complete", goal: goal)
        }
        if let failure = (rounds + others).flatMap(\.failures).first {
            return HitComparison.Ratio(refusal: failure, goal: goal)
        }
        let value = HitComparison.medianRatio(rounds.map(\.cpuMicroseconds), others.map(\.cpuMicroseconds))
        return HitComparison.Ratio(value, goal: goal)
    }
}

extension PictureStage {
    func cost(
        of edge: String, _ hits: SteadyHits, _ traffic: Traffic, seconds: Double, seed: UInt64, stop: RunStop
    ) throws -> CostRound {
        let pid = try pid(of: edge)
        let load = try hits.load(
            traffic, of: endpoint(of: edge), account: cluster.account, seconds: seconds, seed: seed)
        let counts = try EdgeCounts.whenQuiet(cluster, of: edge, stop: stop)
        let cpu = cpuTime(ofProcess: pid)
        let result = try LoadsTogether.run([load], stop: stop)[0]
        let used = cpuTime(ofProcess: pid) - cpu
        let after = try EdgeCounts.afterLoad(cluster, of: edge, stop: stop)
        var round = CostRound(SteadyFigures(result), cpuNanoseconds: used, answers: after.since(counts).answers)
        round.failures += after.leftOver.map { [$0] } ?? []
        return round
    }
}
