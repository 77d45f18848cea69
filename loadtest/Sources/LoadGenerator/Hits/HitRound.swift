/// One server under load once.
public struct HitRound: Codable, Sendable, Equatable {
    public var requests: Int
    public var seconds: Double
    /// Of all of the server's threads, for one hit.
    public var cpuMicroseconds: Double
    public var requestsPerSecond: Double
    /// Milliseconds, by wrk: from a request's sending to its answer's end. h2load tells none.
    public var p50: Double?
    public var p99: Double?
    /// The share of the time that the server, and the generator, were on the CPU.
    public var serverBusy: Double
    public var generatorBusy: Double
    /// Why the round says nothing; empty for one that counts.
    public var failures: [String]

    init(_ load: GeneratorResult, serverCPU: UInt64, generatorCPU: UInt64, failures: [String]) {
        requests = load.requests
        seconds = Double(load.microseconds) / 1e6
        cpuMicroseconds = Self.rounded(Double(serverCPU) / 1e3 / Double(max(load.requests, 1)), to: 1e3)
        requestsPerSecond = Double(load.requests) / max(seconds, 1e-6)
        requestsPerSecond.round()
        p50 = load.p50.map { Double($0) / 1e3 }
        p99 = load.p99.map { Double($0) / 1e3 }
        serverBusy = Self.rounded(Double(serverCPU) / 1e9 / max(seconds, 1e-6), to: 1e4)
        generatorBusy = Self.rounded(Double(generatorCPU) / 1e9 / max(seconds, 1e-6), to: 1e4)
        self.failures = failures
    }

    private static func rounded(_ value: Double, to scale: Double) -> Double { (value * scale).rounded() / scale }
}

/// What became of one round's requests, by the generator's count and by the edge's.
struct HitEvidence: Equatable {
    /// A head may have so many bytes.
    static let longestHead = 2_048

    var server: HitServer
    /// Of a body.
    var size: Int
    /// Requests that may be under way at once.
    var underWay: Int
    var load: GeneratorResult
    /// What the edge answered meanwhile, by how its cache took part; and of what was no plain hit, why.
    var answers: [String: Int]
    var reasons: [String: Int] = [:]

    /// Everything that is not as it must be when every request was a hit and was answered in full.
    ///
    /// What is under way when time is up, the server answers, and the generator does not count.
    var failures: [String] {
        var failures: [String] = []
        func require(_ holds: Bool, _ failure: @autoclosure () -> String) {
            if !holds { failures.append(failure()) }
        }
        require(load.requests > 0, "nothing was answered")
        require(load.errors.isEmpty, "\(load.generator) met \(Format.counts(load.errors))")
        let bodies = load.requests * size
        let most = (load.requests + underWay) * (size + Self.longestHead)
        require(
            (bodies...most).contains(load.bytes),
            "\(Format.count(load.bytes)) bytes came where \(Format.count(load.requests)) bodies have "
                + Format.count(bodies))
        switch server {
        case .edge:
            let hits = answers["hit"] ?? 0
            let others = answers.filter { $0.key != "hit" }
            require(
                others.isEmpty,
                "not every answer of the edge was a hit: \(Format.counts(others))"
                    + (reasons.isEmpty ? "" : " (\(Format.counts(reasons)))"))
            require(
                (load.requests...load.requests + underWay).contains(hits),
                "the edge counted \(Format.count(hits)) hits, \(load.generator) \(Format.count(load.requests)) answers")
        case .nginx:
            require(
                answers.isEmpty, "not every answer of nginx was a hit: it asked the edge (\(Format.counts(answers)))")
        }
        return failures
    }
}

public enum HitServer: String, Codable, Sendable, CaseIterable {
    case edge, nginx
}
