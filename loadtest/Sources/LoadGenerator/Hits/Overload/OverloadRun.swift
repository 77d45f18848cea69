internal import Foundation
internal import Glibc

/// Measures hits and health checks while more and more variants are asked for that nobody has asked for yet.
///
/// The edge shares a core with the generator, and both have little to do; the origin and its workers have the other one to
/// themselves, as they would have a machine. What hits suffer is then what the edge does to them, not the scheduler.
struct OverloadRun {
    private let plan: OverloadPlan
    private let site: RunSite

    private static let edge = "edge-1"
    /// More than an edge lets wait: who is refused must be refused by it, not by a generator without a connection.
    private static let missConnections = 4_000

    init(_ site: RunSite) {
        (plan, self.site) = (site.plan.overload, site)
    }

    func run(_ report: inout HitsReport) throws {
        let sources = site.folder + "/photos"
        try FileManager.default.createDirectory(atPath: sources, withIntermediateDirectories: true)
        try Data(ColdVariants.source()).write(to: URL(fileURLWithPath: "\(sources)/\(ColdVariants.name)"))
        try IdleConnections.allowDescriptors(Self.missConnections + 1_000)
        // What is started now inherits it.
        try Cores.pin(getpid(), to: site.cores.server)
        defer { try? Cores.pin(getpid(), to: site.cores.generator) }
        try PictureStage.with(edges: 1, sources: sources, site) { stage in
            try Cores.pin(getpid(), to: site.cores.generator)
            try Cores.pin(stage.pid(of: Self.edge), to: site.cores.generator)
            try stage.fill(Self.edge, with: ColdVariants.hot, connections: 4)
            var cold = ColdVariants()
            var overload = OverloadReport(missesPerSecond: try capacity(stage, cold.next()))
            // The loads before one that breaks off stand.
            defer { report.overload = overload }
            site.tell("overload: \(Format.rate(overload.missesPerSecond)) misses is what the cluster can do")
            for share in plan.shares {
                try measure(share, stage, &cold, &overload)
                try awaitNobodyWaits(stage)
            }
        }
    }

    private func capacity(_ stage: PictureStage, _ traffic: Traffic) throws -> Double {
        site.tell("overload: finding the miss capacity")
        var scenario = Scenario(name: "capacity", load: .closed(connections: plan.capacityClients), traffic: [traffic])
        scenario.durationSeconds = plan.capacitySeconds
        scenario.warmupSeconds = 1
        let load = try LoadRun(
            scenario: scenario, endpoints: [stage.endpoint(of: Self.edge)], account: stage.cluster.account)
        let result = try LoadsTogether.run([load], stop: site.stop)[0]
        guard result.status.keys.allSatisfy({ $0 == "200" }), result.errors.isEmpty, result.requests.answered > 0 else {
            throw LoadTestError(
                .noAnswer,
                "the miss capacity was not found: \(Format.counts(result.status.merging(result.errors) { $0 + $1 }))")
        }
        return result.throughput.requestsPerSecond
    }

    private func measure(
        _ share: Double, _ stage: PictureStage, _ cold: inout ColdVariants, _ report: inout OverloadReport
    ) throws {
        site.tell("overload: hits at \(Format.percent(share)) of the miss capacity")
        let endpoint = try stage.endpoint(of: Self.edge)
        let hits = try plan.hits.load(
            ColdVariants.hot, of: endpoint, account: stage.cluster.account, seconds: plan.seconds, warmUp: plan.warmUp)
        var loads = [hits, try health(stage)]
        if share > 0 { loads.append(try misses(share * report.missesPerSecond, cold.next(), stage)) }
        let results = try LoadsTogether.run(loads, stop: site.stop)
        report.add(share: share, hits: results[0], misses: share > 0 ? results[2] : nil, health: results[1])
    }

    private func misses(_ rate: Double, _ traffic: Traffic, _ stage: PictureStage) throws -> LoadRun {
        var scenario = Scenario(
            name: "misses", load: .open(rate: rate, maxConnections: Self.missConnections), traffic: [traffic])
        scenario.durationSeconds = plan.seconds
        scenario.warmupSeconds = plan.warmUp
        // Longer than the edge's patience.
        scenario.timeoutSeconds = 60
        scenario.loops = 1
        return try LoadRun(
            scenario: scenario, endpoints: [stage.endpoint(of: Self.edge)], account: stage.cluster.account)
    }

    private func health(_ stage: PictureStage) throws -> LoadRun {
        guard let url = stage.cluster.node(Self.edge).map(\.metricsURL) else {
            throw LoadTestError(.cluster, "the edge has no telemetry")
        }
        var scenario = Scenario(
            name: "health", load: .open(rate: plan.healthRate, maxConnections: 4),
            traffic: [Traffic(name: "health", urls: .paths(["/health", "/ready"]), order: .listed)])
        scenario.durationSeconds = plan.seconds
        scenario.warmupSeconds = plan.warmUp
        scenario.timeoutSeconds = 10
        scenario.loops = 1
        let endpoint = try Endpoint(url.replacing("/metrics", with: ""))
        return try LoadRun(scenario: scenario, endpoints: [endpoint], account: stage.cluster.account)
    }

    private func awaitNobodyWaits(_ stage: PictureStage) throws {
        let deadline = monotonicNow() + 90_000_000_000
        while stage.cluster.metric("vignette_http_requests_waiting", of: Self.edge) != 0 {
            guard monotonicNow() < deadline else {
                throw LoadTestError(.cluster, "requests still wait in the edge, and nobody asks any more")
            }
            try site.stop.pause(seconds: 0.1)
        }
    }
}
