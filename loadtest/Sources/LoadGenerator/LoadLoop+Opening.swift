internal import Glibc
internal import NIOCore
internal import NIOPosix

/// When a loop opens connections, and what it does when it can't.
extension LoadLoop {
    private static let reconnectDelay = TimeAmount.milliseconds(100)

    /// An open loop's share of the connections that it may have.
    func openAllConnections() {
        for endpoint in pools.indices {
            for _ in 0..<connectionLimit { connect(endpoint) }
        }
    }

    /// Connections number j of all closed-loop connections that fall to this loop, each bound to an endpoint in turn.
    func openClosedLoopConnections(_ total: Int) {
        for connection in stride(from: index, to: total, by: plan.loopCount) {
            connect(connection % plan.targets.count)
        }
        if index >= total { stopSending() }
    }

    func openConnectionIfNeeded(_ endpoint: Int) {
        let pool = pools[endpoint]
        guard pool.connecting < pool.queue.count, pool.connecting + pool.open.count < connectionLimit else { return }
        connect(endpoint)
    }

    /// Of an open loop, to each endpoint.
    private var connectionLimit: Int {
        guard case .open(_, let maxConnections) = plan.load else { return 0 }
        return max(1, maxConnections / (plan.loopCount * plan.targets.count))
    }

    func connect(_ endpoint: Int) {
        pools[endpoint].connecting += 1
        ClientBootstrap(group: eventLoop)
            .connectTimeout(.nanoseconds(Int64(plan.timeout)))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelOption(.maxMessagesPerRead, value: 16)
            .channelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 4_096, initial: 16_384, maximum: 262_144)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ClientConnection(owner: self, endpoint: endpoint))
                }
            }
            .connect(to: plan.targets[endpoint].address)
            .whenFailure { error in
                self.connectFailed(endpoint, (error as? IOError)?.errnoCode == ECONNREFUSED ? .refused : .connectFailed)
            }
    }

    private func connectFailed(_ endpoint: Int, _ fault: RequestFault) {
        pools[endpoint].connecting -= 1
        switch plan.load {
        case .open:
            // The request that the connection was opened for has nobody to go to.
            if let request = pools[endpoint].queue.popFirst() { failed(request, fault) }
            openConnectionIfNeeded(endpoint)
        case .closed:
            interval.errors += 1
            if monotonicNow() >= plan.measureFrom { statistics.recordFault(fault) }
            if plan.givesUpWhenRefused {
                if pools.allSatisfy({ $0.open.isEmpty && $0.connecting == 0 }) { stopSending() }
            } else if isSending, !plan.stopRequested, monotonicNow() < plan.end {
                // At once would be a busy loop against a server that is down.
                _ = eventLoop.scheduleTask(in: Self.reconnectDelay) {
                    if self.isSending { self.connect(endpoint) }
                }
            } else {
                stopSending()
            }
        }
    }
}
