internal import NIOCore

/// One loop's connections to one endpoint.
struct ConnectionPool {
    var open: [ClientConnection] = []
    /// The most recently used last: it is taken first, so that few connections carry a low rate, unless all are to.
    var idle = CircularBuffer<ClientConnection>()
    var connecting = 0
    /// Requests that are due and found no free connection.
    var queue = CircularBuffer<InFlightRequest>()
}

extension LoadLoop {
    /// An open loop's request is due: it goes out on a free connection, or waits for the first to become free.
    func arrived(_ request: InFlightRequest) {
        interval.inFlight += 1
        if let connection = takeIdle(request.endpoint) {
            send(request, on: connection)
        } else {
            if request.isMeasured { statistics.waited += 1 }
            pools[request.endpoint].queue.append(request)
            openConnectionIfNeeded(request.endpoint)
        }
    }

    private func takeIdle(_ endpoint: Int) -> ClientConnection? {
        plan.usesAllConnections ? pools[endpoint].idle.popFirst() : pools[endpoint].idle.popLast()
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

    /// What a 200 that should be an image lacks. That the body has the promised length is checked for every answer.
    private func imageFault(_ reader: ResponseReader) -> RequestFault? {
        guard reader.head.status == 200 else { return nil }
        if !reader.head.isImage { return .notAnImage }
        return reader.bodyBytes == 0 ? .emptyImage : nil
    }
}
