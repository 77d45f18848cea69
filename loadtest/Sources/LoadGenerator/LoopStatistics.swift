internal import Histogram

/// One request on its way, and what its answer will be measured against. Times are nanoseconds of the monotonic clock.
struct InFlightRequest {
    var pick: Pick
    var endpoint: Int
    /// When the schedule wanted it sent; in a closed loop the moment it was sent. Latency counts from here.
    var intended: UInt64
    /// When its bytes were handed to the connection; 0 while it waits for one.
    var sent: UInt64 = 0
    /// False in the warm-up.
    var isMeasured: Bool
}

/// What one event loop counts. Loops share nothing while they run; their statistics are added up at the end.
struct LoopStatistics: Sendable {
    var latency = LatencyHistogram()
    var serviceTime = LatencyHistogram()
    var lag = LatencyHistogram()
    /// By `CacheVerdict.Outcome`; empty until an answer has it.
    var latencyByOutcome = [LatencyHistogram?](repeating: nil, count: CacheVerdict.Outcome.allCases.count)
    var statuses = [Int](repeating: 0, count: 600)
    var faults = [Int](repeating: 0, count: RequestFault.allCases.count)
    var details: [String: Int] = [:]
    var collapsed = 0
    /// Answers that ask to come back later.
    var retryAfter = 0
    var sent = 0
    var answered = 0
    /// Requests that found no free connection.
    var waited = 0
    /// Of these, the ones that never got one because the run was stopped.
    var dropped = 0
    var headBytes = 0
    var bodyBytes = 0
    var connectionsOpened = 0
    /// When the loop sent its last request, and when its last answer was complete.
    var sendingEnded: UInt64 = 0
    var lastAnswer: UInt64 = 0
    /// CPU time of the loop's thread over the time it was sending.
    var busyShare = 0.0

    /// Details come from servers: a server that writes a new one into every answer must not fill the memory.
    private static let detailLimit = 64

    mutating func recordAnswer(_ request: InFlightRequest, _ reader: ResponseReader, at now: UInt64) {
        answered += 1
        lastAnswer = now
        headBytes += reader.headBytes
        bodyBytes += reader.bodyBytes
        statuses[reader.head.status] += 1
        latency.record(nanoseconds: now - request.intended)
        serviceTime.record(nanoseconds: now - request.sent)
        let cache = reader.head.cache
        if latencyByOutcome[cache.outcome.rawValue] == nil {
            latencyByOutcome[cache.outcome.rawValue] = LatencyHistogram()
        }
        latencyByOutcome[cache.outcome.rawValue]?.record(nanoseconds: now - request.intended)
        if cache.collapsed { collapsed += 1 }
        if reader.head.hasRetryAfter { retryAfter += 1 }
        if let detail = cache.detail {
            count(detail: detail, 1)
        }
    }

    mutating func recordFault(_ fault: RequestFault) {
        faults[fault.rawValue] += 1
    }

    /// A request given up is no answer, but it did wait: left out of the latencies it would make a hanging server look
    /// better than a slow one.
    mutating func recordTimeout(_ request: InFlightRequest, at now: UInt64) {
        recordFault(.timeout)
        latency.record(nanoseconds: now - request.intended)
        if request.sent > 0 {
            serviceTime.record(nanoseconds: now - request.sent)
        }
    }

    mutating func add(_ other: LoopStatistics) {
        latency.add(other.latency)
        serviceTime.add(other.serviceTime)
        lag.add(other.lag)
        for (outcome, histogram) in other.latencyByOutcome.enumerated() {
            guard let histogram else { continue }
            var sum = latencyByOutcome[outcome] ?? LatencyHistogram()
            sum.add(histogram)
            latencyByOutcome[outcome] = sum
        }
        for status in statuses.indices { statuses[status] += other.statuses[status] }
        for fault in faults.indices { faults[fault] += other.faults[fault] }
        for (detail, number) in other.details { count(detail: detail, number) }
        collapsed += other.collapsed
        retryAfter += other.retryAfter
        sent += other.sent
        answered += other.answered
        waited += other.waited
        dropped += other.dropped
        headBytes += other.headBytes
        bodyBytes += other.bodyBytes
        connectionsOpened += other.connectionsOpened
        sendingEnded = max(sendingEnded, other.sendingEnded)
        lastAnswer = max(lastAnswer, other.lastAnswer)
        busyShare = max(busyShare, other.busyShare)
    }

    private mutating func count(detail: String, _ number: Int) {
        let key = details[detail] != nil || details.count < Self.detailLimit ? detail : "(others)"
        details[key, default: 0] += number
    }
}

/// What happened since the last progress line, the warm-up included.
struct IntervalStatistics: Sendable {
    // Two digits: a progress line shows no more, and the histogram is swapped for a new one every second.
    var latency = LatencyHistogram(digits: .two)
    var answered = 0
    var hits = 0
    var errors = 0
    /// A level, not a count: requests sent or waiting at this moment.
    var inFlight = 0

    mutating func add(_ other: IntervalStatistics) {
        latency.add(other.latency)
        answered += other.answered
        hits += other.hits
        errors += other.errors
        inFlight += other.inFlight
    }
}
