internal import Foundation
internal import Glibc

/// Measures what a purge costs, on clusters of its own: docs/purge.md shows the figures.
public struct PurgeRun: Sendable {
    private let plan: PurgePlan
    private let tell: @Sendable (String) -> Void

    /// - Parameter tell: gets a line when something begins.
    /// - Throws: when the plan can't be run as it is.
    public init(_ plan: PurgePlan, tell: @escaping @Sendable (String) -> Void) throws {
        try plan.check()
        self.plan = plan
        self.tell = tell
    }

    public func run() async throws -> PurgeReport {
        var report = PurgeReport(plan: plan)
        if report.machine.loadAverage > 0.5 {
            report.warnings.append(
                "the machine was at work before the run (load \(report.machine.loadAverage)): figures are upper bounds")
        }
        if !Set(plan.parts).isDisjoint(with: [.latency, .tag, .cutOff]) {
            try await withStage(edges: plan.edges) { stage in
                if plan.parts.contains(.latency) { report.latency = try await latency(stage) }
                if plan.parts.contains(.tag) { report.tag = try await tag(stage, &report.warnings) }
                if plan.parts.contains(.cutOff) { report.cutOff = try await cutOff(stage) }
            }
        }
        if plan.parts.contains(.rules) {
            try await withStage(edges: 1) { bare in
                try await withStage(edges: 1) { ruled in report.rules = try await rules(bare, ruled) }
            }
        }
        return report
    }

    /// A cluster, and the server that it reads sources from.
    struct Stage: Sendable {
        let cluster: ProofCluster
        let issuer: PurgeIssuer
        let pictures: TinyPictureServer

        /// The scope of one URL that nobody asks for.
        func url(_ name: String) -> String { "{\"url\": \"\(cluster.edges[0].url)/\(cluster.account)/\(name)\"}" }
    }

    private func withStage(edges: Int, _ body: (Stage) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "/vignette-purge-\(UInt64.random(in: 0 ... .max))"
        let pictures = try TinyPictureServer()
        defer {
            pictures.stop()
            try? FileManager.default.removeItem(atPath: folder)
        }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        tell("starting \(edges) edge\(edges == 1 ? "" : "s") and an origin")
        let setup = ProofCluster.Setup(
            tools: URL(fileURLWithPath: plan.tools).path, data: folder, sources: pictures.url, edges: edges, lease: plan.lease,
            linkBase: nil, environment: ["VIGNETTE_LOG_LEVEL": "warning"])
        let cluster = try await OwnThread.run { try ProofCluster(setup, basePort: FreePorts.base(edges: edges)) }
        do {
            try await body(Stage(cluster: cluster, issuer: PurgeIssuer(cluster), pictures: pictures))
        } catch {
            for name in cluster.names { cluster.resume(name) }
            try? await OwnThread.run { try cluster.down() }
            throw error
        }
        try await OwnThread.run { try cluster.down() }
    }

    // MARK: Parts

    private func latency(_ stage: Stage) async throws -> PurgeReport.Latency {
        tell("""
            \(Format.rate(plan.purgesPerSecond)) purges under \(Format.rate(plan.hitsPerSecond)) hits for \
            \(Format.seconds(plan.seconds))
            """)
        func ask(seconds: Double, prime: Bool) async throws -> LoadResult {
            let model = Load.open(rate: plan.hitsPerSecond, maxConnections: 16 * stage.cluster.edges.count)
            return try await LoadRun(
                scenario: self.hits(model, seconds: seconds, prime: prime), endpoints: stage.cluster.edges,
                account: stage.cluster.account).run { _ in }
        }
        _ = try await ask(seconds: 0.5, prime: true)
        // A little longer than the purges, so that every one of them has hits beside it.
        async let result = ask(seconds: plan.seconds + 1, prime: false)
        let count = Int(plan.seconds * plan.purgesPerSecond)
        let rate = plan.purgesPerSecond
        let histogram = try await OwnThread.run {
            try stage.issuer.run(count: count, rate: rate) { stage.url("purged/\($0 % 5_000).png") }
        }
        let hits = try await result
        guard let completed = histogram.summary else { throw LoadTestError(.noAnswer, "no purge was issued") }
        return PurgeReport.Latency(
            completed: completed, hits: hits.latency, hitsPerSecond: hits.throughput.requestsPerSecond,
            failedHits: hits.requests.failed)
    }

    private func tag(_ stage: Stage, _ warnings: inout [String]) async throws -> PurgeReport.Tag? {
        var tags: [Double] = []
        var alone = LatencyHistogram()
        var swept = LatencyHistogram()
        var filled = 0.0
        do {
            try await OwnThread.run {
                let connection = BlockingClient(stage.issuer.endpoint, patience: 75)
                _ = try stage.issuer.purge(scope: "{\"tag\": \"nobody-has-it\"}", on: connection)
            }
        } catch {
            warnings.append("tags were not measured: \(reason(error))")
            return nil
        }
        for round in 0..<plan.tagRounds {
            tell("filling \(Format.count(plan.tagObjects)) objects of one tag")
            filled = try await fill(stage, round)
            try await OwnThread.run { Self.waitUntilWritten(stage.cluster) }
            let urls = plan.urlPurges
            let measured = try await OwnThread.run {
                let connection = BlockingClient(stage.issuer.endpoint, patience: 75)
                func once(_ scope: String) throws -> UInt64 {
                    let start = monotonicNow()
                    return try stage.issuer.purge(scope: scope, on: connection) - start
                }
                let before = try (0..<urls).map { try once(stage.url("purged/\(round)-\($0).png")) }
                let tag = try once("{\"tag\": \"\(TinyPictureServer.tag)\"}")
                let after = try (0..<urls).map { try once(stage.url("purged/\(round)-\($0).png")) }
                return (before, tag, after)
            }
            for time in measured.0 { alone.record(nanoseconds: time) }
            for time in measured.2 { swept.record(nanoseconds: time) }
            tags.append((Double(measured.1) / 1e3).rounded() / 1e3)
        }
        guard let url = alone.summary, let urlDuringSweep = swept.summary else { return nil }
        return PurgeReport.Tag(
            objects: plan.tagObjects, filledPerSecond: filled.rounded(), tag: tags, url: url, urlDuringSweep: urlDuringSweep,
            ratio: Self.median(tags) / url.p50)
    }

    /// Asks the edges for `tagObjects` different pictures, spread over them: real fills through the origin, its storage
    /// reads and its workers.
    /// - Returns: objects per second.
    private func fill(_ stage: Stage, _ round: Int) async throws -> Double {
        var scenario = Scenario(
            name: "fill", load: .closed(connections: max(32, stage.cluster.edges.count)),
            traffic: [Traffic(
                name: "tagged",
                urls: .template(
                    "/{account}/tagged/\(round)-{n}.png", lists: ["n": .range(from: 0, through: plan.tagObjects - 1, by: 1)]),
                order: .once)])
        scenario.durationSeconds = 86_400
        let result = try await LoadRun(
            scenario: Self.resolved(scenario), endpoints: stage.cluster.edges, account: stage.cluster.account).run { _ in }
        guard result.status["200"] == plan.tagObjects else {
            let counts = Format.counts(result.status.merging(result.errors) { $0 + $1 })
            throw LoadTestError(.noAnswer, "the caches could not be filled: \(counts)")
        }
        return result.throughput.requestsPerSecond
    }

    /// What was filled is on the disks: or the first purges would wait in line behind it, and the tag would not.
    private static func waitUntilWritten(_ cluster: ProofCluster) {
        let deadline = monotonicNow() + 60_000_000_000
        while monotonicNow() < deadline,
            cluster.names.contains(where: { cluster.metric("vignette_cache_pending_bytes", of: $0) != 0 })
        { usleep(20_000) }
    }

    private func cutOff(_ stage: Stage) async throws -> PurgeReport.CutOff {
        var times: [Double] = []
        for round in 0..<plan.cutOffRounds {
            tell("a purge with one edge stopped, round \(round + 1)")
            let time = try await OwnThread.run {
                let name = "edge-\(stage.cluster.edges.count)"
                let connection = BlockingClient(stage.issuer.endpoint, patience: 90)
                // Everything applied, everybody with a fresh lease.
                _ = try stage.issuer.purge(scope: stage.url("purged/cut.png"), on: connection)
                guard stage.cluster.pause(name) else { throw LoadTestError(.cluster, "\(name) does not run") }
                defer { stage.cluster.resume(name) }
                let start = monotonicNow()
                return try stage.issuer.purge(scope: stage.url("purged/cut.png"), on: connection) - start
            }
            times.append((Double(time) / 1e3).rounded() / 1e3)
        }
        return PurgeReport.CutOff(lease: plan.lease, completed: times)
    }

    private func rules(_ bare: Stage, _ ruled: Stage) async throws -> PurgeReport.Rules {
        tell("issuing \(Format.count(plan.rules)) purges of one URL each")
        let began = monotonicNow()
        let count = plan.rules
        try await OwnThread.run {
            try ruled.issuer.fill(count: count) { ruled.url("purged/\($0).png") }
            // Completed for the last means applied for all.
            let connection = BlockingClient(ruled.issuer.endpoint, patience: 75)
            _ = try ruled.issuer.purge(scope: ruled.url("purged/last.png"), on: connection)
        }
        let seconds = Double(monotonicNow() - began) / 1e9
        // Before the clock starts, both have their objects, checked against every rule.
        for stage in [bare, ruled] { _ = try await cost(of: stage, seconds: 0.5, prime: true) }
        let live = ruled.cluster.metric("vignette_rules", of: "edge-1") ?? 0
        var with: [Double] = []
        var without: [Double] = []
        for round in 0..<plan.ruleRounds {
            tell("hits without and with rules, round \(round + 1)")
            without.append(try await cost(of: bare, seconds: plan.seconds / 4, prime: false))
            with.append(try await cost(of: ruled, seconds: plan.seconds / 4, prime: false))
        }
        func memory(_ stage: Stage) -> Int { ProcessTable.residentBytes(of: stage.cluster.node("edge-1")?.pid ?? 0) }
        return PurgeReport.Rules(
            liveRules: Int(live), issuedPerSecond: (Double(count) / seconds).rounded(), with: with, without: without,
            ratio: Self.median(with) / Self.median(without), edgeMemoryWith: memory(ruled), edgeMemoryWithout: memory(bare))
    }

    /// CPU microseconds of the edge per hit.
    private func cost(of stage: Stage, seconds: Double, prime: Bool) async throws -> Double {
        let load = try LoadRun(
            scenario: try hits(.closed(connections: 8), seconds: seconds, prime: prime), endpoints: stage.cluster.edges,
            account: stage.cluster.account)
        let pid = stage.cluster.node("edge-1")?.pid ?? 0
        let before = ProcessTable.cpuNanoseconds(of: pid)
        let result = try await load.run { _ in }
        let used = ProcessTable.cpuNanoseconds(of: pid) - before
        guard result.requests.answered > 0, prime || result.cacheStatus["hit"] == result.requests.answered else {
            throw LoadTestError(.noAnswer, "not every answer was a hit: \(Format.counts(result.cacheStatus))")
        }
        return (Double(used) / 1e3 / Double(result.requests.answered) * 1e3).rounded() / 1e3
    }

    private func hits(_ load: Load, seconds: Double, prime: Bool) throws -> Scenario {
        var scenario = Scenario(
            name: "hits", load: load,
            traffic: [Traffic(
                name: "hot", urls: .template("/{account}/hot/{n}.png", lists: ["n": .range(from: 0, through: 63, by: 1)]), prime: prime)])
        scenario.durationSeconds = seconds
        scenario.seed = plan.seed
        return try Self.resolved(scenario)
    }

    private static func resolved(_ scenario: Scenario) throws -> Scenario {
        try ScenarioResolver(folder: "/", cluster: nil).resolve(scenario)
    }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}
