public import CacheProtocol
public import Logging
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization
public import Telemetry

/// The edge's public listener.
public final class EdgeHTTPServer: Sendable {
    private enum State {
        case idle
        case starting
        case running(Running)
        /// Answers finish; barriers and erases reach them still.
        case draining(Running)
        case ended
    }

    private struct Running {
        let group: MultiThreadedEventLoopGroup
        let listeners: [any Channel]
        let identity: TLSIdentity?
        let loops: [NIOLoopBound<LoopState>]
        let waitingRoom: WaitingRoom
    }

    private let configuration: EdgeHTTPConfiguration
    private let responder: any EdgeResponder
    private let metrics: EdgeHTTPMetrics
    private let accessLog: AccessLog?
    private let log: Logger
    private let state = Mutex(State.idle)
    private let reportedMistake = Mutex<String?>(nil)

    /// - Parameters:
    ///   - metrics: Gets the `vignette_http_…` series.
    ///   - accessLog: Gets a line for every request; shut down by its owner, after this server.
    public init(
        configuration: EdgeHTTPConfiguration, responder: any EdgeResponder, metrics: MetricsRegistry,
        accessLog: AccessLog? = nil, log: Logger
    ) {
        self.configuration = configuration
        self.responder = responder
        self.metrics = EdgeHTTPMetrics(metrics)
        self.accessLog = accessLog
        self.log = log
    }

    /// Binds and begins to answer. To be called once.
    ///
    /// - Returns: The address that is listened on; its port is the one given by the system where 0 was asked for.
    public func start() async throws(EdgeHTTPError) -> EdgeAddress {
        if let mistake = configuration.mistake { throw .configuration(mistake) }
        let mayStart = state.withLock { state in
            guard case .idle = state else { return false }
            state = .starting
            return true
        }
        guard mayStart else { throw .notStartable }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.loops)
        let running: Running
        do {
            running = try await listen(on: group)
        } catch {
            state.withLock { $0 = .ended }
            try? await group.shutdownGracefully()
            throw error
        }
        let goesOn = state.withLock { state in
            guard case .starting = state else { return false }
            state = .running(running)
            return true
        }
        guard goesOn else {
            // Shut down while it was starting.
            try? await group.shutdownGracefully()
            throw .notStartable
        }
        let ports = running.listeners.map { $0.localAddress?.port ?? 0 }
        return EdgeAddress(host: configuration.host, port: ports[0], tlsPort: ports.dropFirst().first)
    }

    /// Reads the certificate again if its files have changed: to be called now and then. New connections are shown the new one;
    /// one that can't be used is logged and counted, and the one before is still shown.
    public func reloadCertificate() {
        guard let identity = running?.identity else { return }
        switch identity.reloadIfChanged() {
        case .unchanged:
            return
        case .changed(let certificate):
            show(certificate)
            log.notice("the certificate has changed", metadata: ["not-after": "\(HTTPDate.text(certificate.notAfter))"])
        case .failed(let mistake):
            metrics.certificateReloadsFailed.increment()
            let isNew = reportedMistake.withLock { reported in
                defer { reported = mistake.text }
                return reported != mistake.text
            }
            if isNew { log.error("the changed certificate can't be used; the one before is still shown: \(mistake.text)") }
        }
    }

    private func show(_ certificate: TLSIdentity.Certificate) {
        metrics.certificateNotAfter.set(certificate.notAfter)
        reportedMistake.withLock { $0 = nil }
    }

    /// Returns when a task has run on every event loop: every request that was looked up within the call before now has
    /// its answer (DESIGN §4, "a command's way"). Returns at once when it does not run.
    public func barrier() async {
        guard let running else { return }
        for loop in running.loops {
            // Fails only where the loop has ended, and then it looks nothing up.
            try? await loop.eventLoop.submit {}.get()
        }
    }

    /// Cuts off every answer under way whose object is forbidden, on every event loop: what an erase does first (DESIGN §4,
    /// rule 13). An answer is under way until its last byte is in the kernel's hands; one that waits for its object still is
    /// none. The connection is reset, and whatever waits in its socket is thrown away.
    ///
    /// Returns when those connections are closed and the pins of their bodies are let go. What was looked up before the
    /// rules changed must have its answer already: see ``barrier()``. Returns at once when it does not run.
    public func abort(where isForbidden: @escaping @Sendable (ObjectMetadata) -> Bool) async {
        guard let running else { return }
        let cuts = running.loops.map { loop in
            loop.eventLoop.flatSubmit { loop.value.cutOff(where: isForbidden, on: loop.eventLoop) }
        }
        for cut in cuts {
            // Fails only where the loop has ended, and its connections with it.
            try? await cut.get()
        }
    }

    /// Every answer from now on says that it is its connection's last, so that balancers and clients turn to others; nothing is
    /// refused yet. Harmless when it does not run.
    public func leave() async {
        guard let running else { return }
        for loop in running.loops {
            // Fails only where the loop has ended.
            try? await loop.eventLoop.submit { loop.value.leave() }.get()
        }
    }

    /// Stops accepting, lets running answers finish, closes idle connections, and ends the loops; what has not finished
    /// after ``EdgeHTTPConfiguration/drainSeconds`` is cut off. Harmless when it does not run.
    public func shutdown() async {
        let running = state.withLock { state -> Running? in
            guard case .running(let running) = state else { return nil }
            state = .draining(running)
            return running
        }
        guard let running else { return }
        defer { state.withLock { $0 = .ended } }
        // Fails only where it is closed already.
        for listener in running.listeners { try? await listener.close().get() }
        let patience = TimeAmount.seconds(Int64(configuration.drainSeconds))
        let drained = running.loops.map { loop in
            loop.eventLoop.flatSubmit {
                loop.eventLoop.scheduleTask(in: patience) { loop.value.closeAll() }
                return loop.value.drain(on: loop.eventLoop)
            }
        }
        for loop in drained {
            try? await loop.get()
        }
        running.waitingRoom.close()
        try? await running.group.shutdownGracefully()
    }

    private var running: Running? {
        state.withLock { state in
            switch state {
            case .running(let running), .draining(let running): running
            case .idle, .starting, .ended: nil
            }
        }
    }

    private func listen(on group: MultiThreadedEventLoopGroup) async throws(EdgeHTTPError) -> Running {
        let identity = try configuration.tls.map(TLSIdentity.init)
        let waitingRoom = WaitingRoom(
            limit: configuration.maximumWaiting, perClient: configuration.maximumWaitingPerClient, gauge: metrics.waiting)
        let loops = await makeLoops(group, waitingRoom)
        let byLoop = Dictionary(uniqueKeysWithValues: loops.map { (ObjectIdentifier($0.eventLoop), $0) })
        @Sendable func state(of channel: any Channel) throws -> LoopState {
            guard let loop = byLoop[ObjectIdentifier(channel.eventLoop)] else { throw EdgeHTTPError.notStartable }
            return loop.value
        }
        let plain = bootstrap(group).childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(ConnectionHandler(loop: try state(of: channel)))
            }
        }
        var listeners = [try await bind(plain, configuration.port)]
        if let tls = configuration.tls, let identity {
            let encrypted = bootstrap(group).childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = NIOSSLServerHandler(
                        context: identity.certificate.context, configuration: TLSIdentity.handlerConfiguration)
                    try channel.pipeline.syncOperations.addHandlers([handler, TLSGate(loop: try state(of: channel))])
                }
            }
            listeners.append(try await bind(encrypted, tls.port))
            show(identity.certificate)
        }
        return Running(group: group, listeners: listeners, identity: identity, loops: loops, waitingRoom: waitingRoom)
    }

    private func makeLoops(_ group: MultiThreadedEventLoopGroup, _ waitingRoom: WaitingRoom) async -> [NIOLoopBound<LoopState>] {
        let connections = Admission(
            limit: configuration.maximumConnections, perClient: configuration.maximumConnectionsPerClient)
        var loops: [NIOLoopBound<LoopState>] = []
        for loop in group.makeIterator() {
            let made = loop.submit { [configuration, responder, metrics, accessLog, log] in
                let state = LoopState(
                    configuration: configuration, responder: responder, connectionAdmission: connections,
                    waitingRoom: waitingRoom, metrics: metrics, access: accessLog?.channel(), log: log
                )
                let bound = NIOLoopBound(state, eventLoop: loop)
                loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in bound.value.sweep(on: loop) }
                return bound
            }
            // Fails only where the loop has ended, and it has just begun.
            if let state = try? await made.get() { loops.append(state) }
        }
        return loops
    }

    private func bootstrap(_ group: MultiThreadedEventLoopGroup) -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: configuration.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                // Out of descriptors, the loop would else ask for the next connection without a pause.
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(AcceptBackoffHandler()) }
            }
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            // Else the channel would close with answers in it that wait for the end of the turn.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4096))
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 64 * 1024, high: 256 * 1024))
    }

    private func bind(_ bootstrap: ServerBootstrap, _ port: Int) async throws(EdgeHTTPError) -> any Channel {
        do {
            return try await bootstrap.bind(host: configuration.host, port: port).get()
        } catch {
            throw .bind(host: configuration.host, port: port, error)
        }
    }
}

/// Where the edge listens.
public struct EdgeAddress: Sendable, Equatable {
    public let host: String
    public let port: Int
    /// Nil without TLS.
    public let tlsPort: Int?
}
