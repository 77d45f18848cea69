import CacheProtocol
import Curl
import EdgeHTTP
import Foundation
import Logging
import NodeAgent
import ObjectCache
import ServiceLifecycle
import Synchronization
import Telemetry
import UnixSignals

/// `vignette-edge --config FILE`
@main
struct VignetteEdge {
    static func main() async {
        guard CommandLine.arguments.count == 3, CommandLine.arguments[1] == "--config" else {
            FileHandle.standardError.write(Data("usage: vignette-edge --config FILE\n".utf8))
            exit(2)
        }
        do {
            try await run(try await EdgeConfiguration(file: CommandLine.arguments[2]))
        } catch {
            FileHandle.standardError.write(Data("vignette-edge: \(error)\n".utf8))
            exit(1)
        }
    }

    /// Puts an edge together, from the ground up, and runs it until it is told to end.
    private static func run(_ configuration: EdgeConfiguration) async throws {
        let level = Logger.Level(rawValue: configuration.node.logLevel) ?? .info
        LoggingSystem.bootstrap { LogfmtHandler(label: $0, node: configuration.node.name, level: level) }
        let log = Logger(label: "vignette.edge")
        OpenFileLimit.raise()
        // What a node keeps is nobody else's to read.
        umask(0o077)
        let metrics = MetricsRegistry()
        metrics.addProcessMetrics()

        // This node's part in the protocol.
        let folder = try DataFolder(path: configuration.node.dataFolder)
        let origins = OriginLink(
            client: try CurlClient(), origins: configuration.origins, token: try configuration.node.token())
        let agent = try NodeAgent(
            configuration: NodeAgentConfiguration(name: configuration.node.name, role: .edge), folder: folder, link: origins,
            log: log)

        // What it keeps.
        let cache = try ObjectCache(
            configuration: ObjectCacheConfiguration(
                folder: configuration.node.dataFolder + "/cache", diskBytes: configuration.diskBytes,
                memoryBytes: configuration.memoryBytes, eviction: configuration.eviction,
                admission: configuration.admission),
            rules: agent.rules, expecting: agent.outstandingErasures,
            report: { log.error("cache incident", metadata: ["incident": "\($0)"]) })
        agent.register(in: metrics)
        cache.register(in: metrics, as: "variants")

        let readiness = EdgeReadiness(agent: agent)
        let telemetry = TelemetryListener(
            configuration: TelemetryConfiguration(host: configuration.node.telemetry.host, port: configuration.node.telemetry.port),
            sources: TelemetrySources(metrics: { metrics.prometheusText() }, ready: { readiness.now }))
        let accessLog = try AccessLog(configuration: configuration.accessLog, metrics: metrics)

        // Ended in the reverse order: answers finish, the lease is given back, the cache is closed last.
        let service = EdgeFront(
            configuration: configuration, origins: origins, agent: agent, cache: cache, metrics: metrics,
            accessLog: accessLog, readiness: readiness, log: log)
        try await ServiceGroup(
            services: [telemetry, CacheService(cache: cache), service], gracefulShutdownSignals: [.sigterm, .sigint],
            logger: log
        ).run()
    }
}
