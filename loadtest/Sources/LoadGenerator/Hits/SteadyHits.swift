/// Hits at a fixed rate, each due at its time whatever else goes on: an open loop, on all of its connections in turn.
public struct SteadyHits: Codable, Sendable, Equatable {
    /// Per second.
    public var rate: Double
    public var connections: Int

    func load(
        _ traffic: Traffic, of endpoint: Endpoint, account: String, seconds: Double, warmUp: Double = 0, seed: UInt64 = 1
    ) throws -> LoadRun {
        var scenario = Scenario(
            name: "hits", load: .open(rate: rate, maxConnections: connections), traffic: [traffic])
        scenario.durationSeconds = seconds
        scenario.warmupSeconds = warmUp
        scenario.timeoutSeconds = 10
        scenario.seed = seed
        scenario.loops = 1
        return try LoadRun(scenario: scenario, endpoints: [endpoint], account: account, usesAllConnections: true)
    }

    func check(_ name: String) throws {
        guard (1...100_000).contains(rate) else {
            throw LoadTestError(.scenario, "\(name): hits per second lie between 1 and 100,000, not \(rate)")
        }
        guard (1...10_000).contains(connections) else {
            throw LoadTestError(.scenario, "\(name): connections lie between 1 and 10,000, not \(connections)")
        }
    }
}

/// How long hits at a fixed rate took, once.
public struct SteadyFigures: Codable, Sendable, Equatable {
    public var hits: Int
    /// Milliseconds from when a hit was due to its last byte.
    public var p50: Double
    public var p90: Double
    public var p99: Double
    public var max: Double
    /// How late the generator itself was: the 99th percentile, in milliseconds.
    public var lag: Double
    /// The share of the time that the generator's thread was on the CPU.
    public var generatorBusy: Double
    /// Why the figures count for nothing; empty for those that count.
    public var failures: [String]
}

extension SteadyFigures {
    init(_ result: LoadResult) {
        let latency = result.latency
        self.init(
            hits: result.cacheStatus["hit"] ?? 0, p50: latency?.p50 ?? 0, p90: latency?.p90 ?? 0, p99: latency?.p99 ?? 0,
            max: latency?.max ?? 0, lag: result.scheduleLag?.p99 ?? 0, generatorBusy: result.generator.busiestLoop,
            failures: Self.failures(result))
    }

    /// Every request is a hit that was answered with 200, and the generator had time to spare.
    private static func failures(_ result: LoadResult) -> [String] {
        var failures: [String] = []
        if result.requests.answered == 0 { failures.append("nothing was answered") }
        if !result.errors.isEmpty { failures.append("requests failed: \(Format.counts(result.errors))") }
        let statuses = result.status.filter { $0.key != "200" }
        if !statuses.isEmpty { failures.append("answers were no 200: \(Format.counts(statuses))") }
        let others = result.cacheStatus.filter { $0.key != "hit" }
        if !others.isEmpty { failures.append("answers were no hits: \(Format.counts(others))") }
        if result.generator.busiestLoop > Warnings.busyLimit {
            failures.append("generator-bound (on the CPU for \(Format.percent(result.generator.busiestLoop)))")
        }
        return failures
    }

    /// Why their latency is the generator's as much as the edge's; nil when it is the edge's.
    var lateness: String? {
        guard lag > Warnings.lagLimitMilliseconds else { return nil }
        return "the generator was late itself (p99 \(Format.milliseconds(lag)))"
    }

    /// Of a figure under some load in the quiet one; without a value where one of them is not to be believed.
    static func ratio(
        _ figure: (SteadyFigures) -> Double, _ loaded: SteadyFigures, toQuiet quiet: SteadyFigures, goal: Double?
    ) -> HitComparison.Ratio {
        let refusal = quiet.failures.first ?? loaded.failures.first ?? quiet.lateness ?? loaded.lateness
        if let refusal { return HitComparison.Ratio(refusal: refusal, goal: goal) }
        guard figure(quiet) > 0 else { return HitComparison.Ratio(refusal: "nothing was measured", goal: goal) }
        return HitComparison.Ratio(figure(loaded) / figure(quiet), goal: goal)
    }
}
