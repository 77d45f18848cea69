internal import Glibc
internal import NIOCore
internal import NIOPosix

/// One loop's connections to one endpoint.
struct ConnectionPool {
    var open: [ClientConnection] = []
    /// The most recently used last: it is taken first, so that few connections carry a low rate.
    var idle: [ClientConnection] = []
    var connecting = 0
    /// Requests that are due and found no free connection.
    var queue = CircularBuffer<InFlightRequest>()
}

extension LoadLoop {
    private static let reconnectDelay = TimeAmount.milliseconds(100)

    /// An open loop's request is due: it goes out on a free connection, or waits for the first to become free.
    func arrived(_ request: InFlightRequest) {
        interval.inFlight += 1
        if let connection = pools[request.endpoint].idle.popLast() {
            send(request, on: connection)
        } else {
            if request.isMeasured { statistics.waited += 1 }
            pools[request.endpoint].queue.append(request)
            openConnectionIfNeeded(request.endpoint)
        }
    }

    /// Connections number j of all closed-loop connections that fall to this loop, each bound to an endpoint in turn.
    func openClosedLoopConnections(_ total: Int) {
        for connection in stride(from: index, to: total, by: plan.loopCount) {
            connect(connection % plan.targets.count)
        }
        if index >= total { stopSending() }
    }

    func connected(_ connection: ClientConnection) {
        pools[connection.endpoint].connecting -= 1
        pools[connection.endpoint].open.append(connection)
        statistics.connectionsOpened += 1
        giveWork(connection)
    }

    func answered(_ request: InFlightRequest, _ reader: ResponseReader) {
        let now = monotonicNow()
        interval.inFlight -= 1
        interval.answered += 1
        interval.latency.record(nanoseconds: now - request.intended)
        let outcome = reader.head.cache.outcome
        if outcome == .hit || outcome == .hitStale { interval.hits += 1 }
        let fault = plan.checksImages ? imageFault(reader) : nil
        if fault != nil || reader.head.status >= 400 { interval.errors += 1 }
        if request.isMeasured {
            statistics.recordAnswer(request, reader, at: now)
            if let fault { statistics.recordFault(fault) }
        }
        finishIfDone()
    }

    func failed(_ request: InFlightRequest, _ fault: RequestFault) {
        interval.inFlight -= 1
        interval.errors += 1
        if request.isMeasured {
            if fault == .timeout {
                statistics.recordTimeout(request, at: monotonicNow())
            } else {
                statistics.recordFault(fault)
            }
        }
        finishIfDone()
    }

    /// A server sent something that nobody had asked for.
    func strayBytes() {
        interval.errors += 1
        if monotonicNow() >= plan.measureFrom { statistics.recordFault(.excessBytes) }
    }

    func disconnected(_ connection: ClientConnection) {
        pools[connection.endpoint].open.removeAll { $0 === connection }
        pools[connection.endpoint].idle.removeAll { $0 === connection }
        guard isSending || !pools[connection.endpoint].queue.isEmpty else { return }
        switch plan.load {
        case .open: openConnectionIfNeeded(connection.endpoint)
        case .closed: connect(connection.endpoint)
        }
    }

    /// Runs several times a second; a request's own timer would cost more than most requests.
    func giveUpOverdueRequests() {
        let now = monotonicNow()
        if case .closed = plan.load, now >= plan.end { stopSending() }
        guard now > plan.timeout else { return }
        let oldest = now - plan.timeout
        for endpoint in pools.indices {
            for connection in pools[endpoint].open {
                guard let request = connection.request, request.intended < oldest else { continue }
                connection.abandon()
                failed(request, .timeout)
            }
            while let request = pools[endpoint].queue.first, request.intended < oldest {
                pools[endpoint].queue.removeFirst()
                failed(request, .timeout)
            }
        }
    }

    func dropWaitingRequests() {
        for endpoint in pools.indices {
            statistics.dropped += pools[endpoint].queue.count { $0.isMeasured }
            interval.inFlight -= pools[endpoint].queue.count
            pools[endpoint].queue.removeAll()
        }
    }

    func closeAllConnections() {
        for connection in pools.flatMap(\.open) {
            connection.close()
        }
    }

    /// A connection is free: it takes the next request, waits for one, or is no longer needed.
    func giveWork(_ connection: ClientConnection) {
        switch plan.load {
        case .open:
            if let request = pools[connection.endpoint].queue.popFirst() {
                send(request, on: connection)
            } else if isSending {
                pools[connection.endpoint].idle.append(connection)
            } else {
                connection.close()
            }
        case .closed:
            if let request = nextClosedLoopRequest(endpoint: connection.endpoint) {
                send(request, on: connection)
            } else {
                connection.close()
            }
        }
    }

    private func send(_ request: InFlightRequest, on connection: ClientConnection) {
        var request = request
        request.sent = monotonicNow()
        if request.isMeasured { statistics.sent += 1 }
        connection.send(request, plan)
    }

    private func openConnectionIfNeeded(_ endpoint: Int) {
        guard case .open(_, let maxConnections) = plan.load else { return }
        let limit = max(1, maxConnections / (plan.loopCount * plan.targets.count))
        let pool = pools[endpoint]
        guard pool.connecting < pool.queue.count, pool.connecting + pool.open.count < limit else { return }
        connect(endpoint)
    }

    private func connect(_ endpoint: Int) {
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

    /// What a 200 that should be an image lacks. That the body has the promised length is checked for every answer.
    private func imageFault(_ reader: ResponseReader) -> RequestFault? {
        guard reader.head.status == 200 else { return nil }
        if !reader.head.isImage { return .notAnImage }
        return reader.bodyBytes == 0 ? .emptyImage : nil
    }
}
