internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
public import ServiceLifecycle
internal import Synchronization

/// Serves `/metrics`, `/health` and `/ready` on a listener and a thread of its own, so that no load on the node's real
/// work keeps an operator from seeing how it is.
public final class TelemetryListener: Service {
    private enum State {
        case idle
        case starting
        case running(any Channel, MultiThreadedEventLoopGroup)
        case ended
    }

    private let configuration: TelemetryConfiguration
    private let sources: TelemetrySources
    private let state = Mutex(State.idle)

    public init(configuration: TelemetryConfiguration, sources: TelemetrySources) {
        self.configuration = configuration
        self.sources = sources
    }

    /// Binds and begins to answer. To be called once.
    ///
    /// - Returns: The port that is listened on.
    /// - Throws: ``TelemetryError`` of the kind `bind` where the address cannot be had.
    @discardableResult
    public func start() async throws -> Int {
        state.withLock { state in
            guard case .idle = state else { preconditionFailure("the telemetry listener is started once") }
            state = .starting
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let channel: any Channel
        do {
            channel = try await bootstrap(group).bind(host: configuration.host, port: configuration.port).get()
        } catch {
            state.withLock { $0 = .ended }
            try? await group.shutdownGracefully()
            throw TelemetryError.bind(host: configuration.host, port: configuration.port, error)
        }
        let wasShutDown = state.withLock { state in
            guard case .starting = state else { return true }
            state = .running(channel, group)
            return false
        }
        if wasShutDown { try? await group.shutdownGracefully() }
        return channel.localAddress?.port ?? configuration.port
    }

    /// The port that is listened on; nil when it does not run.
    public var port: Int? {
        state.withLock { state in
            guard case .running(let channel, _) = state else { return nil }
            return channel.localAddress?.port
        }
    }

    /// Closes the listener and its connections. Harmless when it does not run.
    public func shutdown() async {
        let group = state.withLock { state -> MultiThreadedEventLoopGroup? in
            defer { state = .ended }
            guard case .running(_, let group) = state else { return nil }
            return group
        }
        // Fails only where it is shut down already.
        try? await group?.shutdownGracefully()
    }

    /// The listener as a service: starts where ``start()`` was not called before, and ends at the graceful shutdown.
    /// Stands first in the list of services, so that it is the last to go.
    public func run() async throws {
        let isIdle = state.withLock { state in
            if case .idle = state { true } else { false }
        }
        if isIdle { try await start() }
        try? await gracefulShutdown()
        await shutdown()
    }

    private func bootstrap(_ group: MultiThreadedEventLoopGroup) -> ServerBootstrap {
        let sources = sources
        let idle = TimeAmount.seconds(configuration.idleSeconds)
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(IdleStateHandler(readTimeout: idle))
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(TelemetryHandler(sources: sources))
                }
            }
    }
}
