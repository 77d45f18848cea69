internal import Foundation
internal import Glibc

/// A cluster with nothing beside it.
final class PictureStage {
    let cluster: ProofCluster
    private let folder: String
    private let stop: RunStop

    /// Starts it where this process is. On a throw nothing is left running.
    /// - Parameters:
    ///   - sources: a folder, or the URL of a server.
    ///   - environment: what differs from an edge with one loop and no access lines.
    init(edges: Int, sources: String, environment: [String: String] = [:], _ site: RunSite) throws {
        stop = site.stop
        try stop.check()
        folder = "\(site.folder)/stage-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let usual = ["VIGNETTE_LISTEN_LOOPS": "1", "VIGNETTE_ACCESS_LOG_FILE": "off", "VIGNETTE_LOG_LEVEL": "warning"]
        cluster = try ProofCluster(
            ProofCluster.Setup(
                tools: URL(fileURLWithPath: site.plan.tools).path, data: folder + "/cluster", sources: sources,
                edges: edges, lease: 600, linkBase: nil, environment: usual.merging(environment) { $1 }),
            basePort: FreePorts.base(edges: edges))
    }

    /// Runs `body` on a stage, and ends the stage whatever happens.
    static func with<Value>(
        edges: Int, sources: String, environment: [String: String] = [:], _ site: RunSite,
        _ body: (PictureStage) throws -> Value
    ) throws -> Value {
        let stage = try PictureStage(edges: edges, sources: sources, environment: environment, site)
        do {
            let value = try body(stage)
            try stage.end()
            return value
        } catch {
            try? stage.end()
            throw error
        }
    }

    private func end() throws {
        try cluster.down()
        try FileManager.default.removeItem(atPath: folder)
    }

    func pid(of edge: String) throws -> pid_t {
        guard let pid = cluster.node(edge)?.pid else { throw LoadTestError(.cluster, "\(edge) does not run") }
        return pid
    }

    func endpoint(of edge: String) throws -> Endpoint {
        guard let url = cluster.node(edge)?.publicURL else { throw LoadTestError(.cluster, "there is no \(edge)") }
        return try Endpoint(url)
    }

    /// Asks for everything once.
    /// - Returns: answers per second.
    @discardableResult
    func fill(_ edge: String, with traffic: Traffic, connections: Int = 32) throws -> Double {
        var once = traffic
        once.order = .once
        var scenario = Scenario(name: "fill", load: .closed(connections: connections), traffic: [once])
        scenario.durationSeconds = 86_400
        let load = try LoadRun(scenario: scenario, endpoints: [endpoint(of: edge)], account: cluster.account)
        let result = try LoadsTogether.run([load], stop: stop)[0]
        guard result.status == ["200": result.urls], result.errors.isEmpty else {
            throw LoadTestError(
                .noAnswer,
                "\(edge) could not be filled: \(Format.counts(result.status.merging(result.errors) { $0 + $1 }))")
        }
        return result.throughput.requestsPerSecond
    }

    /// What was filled is on the disk: nothing of it is under way any more.
    func awaitWritten(_ edge: String) throws {
        let deadline = monotonicNow() + 120_000_000_000
        while cluster.metric("vignette_cache_pending_bytes", of: edge) != 0 {
            guard monotonicNow() < deadline else {
                throw LoadTestError(.cluster, "\(edge) did not write its objects to the disk within two minutes")
            }
            try stop.pause(seconds: 0.05)
        }
    }
}
