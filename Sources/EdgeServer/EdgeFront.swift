import CacheProtocol
import EdgeHTTP
import ImageURL
import Logging
import NodeAgent
import ObjectCache
import ServiceLifecycle
import Telemetry

/// Learns from an origin what this edge serves, then answers and follows until it is told to end. Then answers finish
/// before the lease is given back.
struct EdgeFront: Service {
    let configuration: EdgeConfiguration
    let origins: OriginLink
    let agent: NodeAgent
    let cache: ObjectCache
    let metrics: MetricsRegistry
    let accessLog: AccessLog
    let readiness: EdgeReadiness
    let log: Logger

    func run() async throws {
        defer { accessLog.shutdown() }
        guard let configured = await learnConfiguration() else { return }
        let current = CurrentConfiguration(configured)
        agent.setShortestLease(configured.served.shortestLease)
        let server = EdgeHTTPServer(
            configuration: configuration.http,
            responder: EdgeService(
                current: current, agent: agent, cache: cache, origins: origins,
                patience: UInt64(configuration.fetchPatience), maxBytes: configuration.fetchMaxBytes),
            metrics: metrics, accessLog: accessLog, log: log)
        let address = try await server.start()
        var addresses: Logger.Metadata = ["host": "\(address.host)", "port": "\(address.port)"]
        addresses["tls-port"] = address.tlsPort.map { "\($0)" }
        log.info("the edge listens", metadata: addresses)
        readiness.listens()
        try await withThrowingTaskGroup { group in
            group.addTask { try await follow(server, current) }
            if configuration.tls != nil { group.addTask { try await watchCertificate(of: server) } }
            group.addTask {
                try? await gracefulShutdown()
                readiness.ends()
                await server.leave()
                try? await Task.sleep(for: .milliseconds(configuration.leaveMilliseconds))
                await server.shutdown()
            }
            // The one ends when the edge is told to, the other only when it must not go on.
            try await group.next()
            group.cancelAll()
        }
    }

    /// Whoever renews it need not tell the edge.
    private func watchCertificate(of server: EdgeHTTPServer) async throws {
        while true {
            try await Task.sleep(for: .seconds(5))
            server.reloadCertificate()
        }
    }

    private func follow(_ server: EdgeHTTPServer, _ current: CurrentConfiguration) async throws {
        try await agent.run(
            NodeAgentHooks(
                barrier: { await server.barrier() },
                emptyCaches: { [cache] in try await cache.removeAll() },
                configure: { [origins, agent] wanted in
                    let served = try await current.follow(wanted) { try await origins.configuration() }
                    agent.setShortestLease(current.value.served.shortestLease)
                    return served
                },
                raiseFloor: { [cache] in try await cache.raiseFloor(to: $0) },
                sweep: { [cache] in await cache.sweep() },
                expect: { [cache] in cache.expect($0) },
                destroy: { [cache] erasures in
                    await server.abort { metadata in erasures.contains { $0.matches(metadata) } }
                    return try await cache.destroy(erasures)
                },
                records: { [cache] in try await cache.keptRecords(of: $0, in: "variants") }))
    }

    /// - Returns: nil when the edge was told to end before an origin answered.
    private func learnConfiguration() async -> ConfigurationInForce? {
        await cancelWhenGracefulShutdown {
            var reported = ""
            while !Task.isCancelled {
                do {
                    return try ConfigurationInForce(try await origins.configuration(), targets: configuration.targets)
                } catch {
                    if "\(error)" != reported, !Task.isCancelled {
                        reported = "\(error)"
                        log.warning("no origin has told what to serve yet", metadata: ["error": "\(error)"])
                    }
                    try? await Task.sleep(for: .milliseconds(200))
                }
            }
            return nil
        }
    }
}

struct CacheService: Service {
    let cache: ObjectCache

    func run() async throws {
        try? await gracefulShutdown()
        await cache.shutdown()
    }
}
