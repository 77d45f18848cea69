internal import NIOCore
internal import NIOPosix

/// The load that one event loop makes: when requests go out, and when the loop is done. The connections they go out on
/// are in `LoadLoop+Connections.swift`.
///
/// Sendable because every stored property but the constants is touched on `eventLoop` only: `start`, `stop` and
/// `takeInterval` hop onto it, and all else is called by its channels and callbacks.
final class LoadLoop: NIOScheduledCallbackHandler, @unchecked Sendable {
    let eventLoop: any EventLoop
    let plan: PhasePlan
    /// 0..<plan.loopCount: in an open loop this one sends every `loopCount`-th request.
    let index: Int
    private let finished: EventLoopPromise<LoopStatistics>

    var statistics = LoopStatistics()
    var interval = IntervalStatistics()
    var pools: [ConnectionPool]
    var isSending = true
    private var isFinished = false
    /// How many requests an open loop has sent.
    private var arrivals = 0
    private var cpuAtStart: UInt64 = 0
    private var sweep: RepeatedTask?

    /// An open loop that is late sends so many requests before it lets the answers be read.
    private static let burst = 64

    init(eventLoop: any EventLoop, plan: PhasePlan, index: Int) {
        self.eventLoop = eventLoop
        self.plan = plan
        self.index = index
        finished = eventLoop.makePromise()
        pools = plan.targets.map { _ in ConnectionPool() }
    }

    /// Completes when the last request was answered or given up.
    func start() -> EventLoopFuture<LoopStatistics> {
        eventLoop.execute {
            self.cpuAtStart = threadCPUTime()
            let period = min(max(self.plan.timeout / 10, 5_000_000), 100_000_000)
            self.sweep = self.eventLoop.scheduleRepeatedTask(
                initialDelay: .nanoseconds(Int64(period)), delay: .nanoseconds(Int64(period))
            ) { _ in
                self.giveUpOverdueRequests()
            }
            switch self.plan.load {
            case .open:
                if self.plan.usesAllConnections { self.openAllConnections() }
                self.sendDueRequests()
            case .closed(let connections): self.openClosedLoopConnections(connections)
            }
        }
        return finished.futureResult
    }

    /// Sends nothing more, not even what is due and waits for a connection; what is on its way may finish.
    func stop() {
        eventLoop.execute {
            self.stopSending()
            self.dropWaitingRequests()
            self.finishIfDone()
        }
    }

    /// What happened since the last call.
    func takeInterval() -> EventLoopFuture<IntervalStatistics> {
        eventLoop.submit {
            let taken = self.interval
            self.interval = IntervalStatistics()
            self.interval.inFlight = taken.inFlight
            return taken
        }
    }

    // MARK: Open loop

    func handleScheduledCallback(eventLoop: some EventLoop) {
        sendDueRequests()
    }

    private func sendDueRequests() {
        guard isSending, case .open(let rate, _) = plan.load else { return }
        for _ in 0..<Self.burst {
            let sequence = arrivals * plan.loopCount + index
            let intended = plan.intendedTime(sequence, rate: rate)
            guard plan.isWithinLimit(sequence), intended < plan.end, !plan.stopRequested else {
                return stopSending(at: min(intended, plan.end))
            }
            let now = monotonicNow()
            guard intended <= now else {
                // A loop that shuts down takes no callbacks, and needs none.
                _ = try? eventLoop.scheduleCallback(at: .uptimeNanoseconds(intended), handler: self)
                return
            }
            guard let pick = plan.pick(sequence) else { return stopSending() }
            let isMeasured = intended >= plan.measureFrom
            if isMeasured { statistics.lag.record(nanoseconds: now - intended) }
            let endpoint = (arrivals + index) % plan.targets.count
            arrivals += 1
            arrived(InFlightRequest(pick: pick, endpoint: endpoint, intended: intended, isMeasured: isMeasured))
        }
        eventLoop.execute { self.sendDueRequests() }
    }

    // MARK: Closed loop

    /// The next request for a connection that has none, or nil when there is none any more.
    func nextClosedLoopRequest(endpoint: Int) -> InFlightRequest? {
        let now = monotonicNow()
        guard isSending, now < plan.end, !plan.stopRequested, let sequence = plan.takeSequence(),
              let pick = plan.pick(sequence)
        else {
            stopSending()
            return nil
        }
        interval.inFlight += 1
        return InFlightRequest(pick: pick, endpoint: endpoint, intended: now, isMeasured: now >= plan.measureFrom)
    }

    // MARK: The end

    /// `time` is when the schedule ended, where there is one: a second with ten requests lasts until the eleventh is due.
    func stopSending(at time: UInt64? = nil) {
        guard isSending else { return }
        isSending = false
        let now = monotonicNow()
        statistics.sendingEnded = time ?? min(now, plan.end)
        if now > plan.start {
            statistics.busyShare = min(Double(threadCPUTime() - cpuAtStart) / Double(now - plan.start), 1)
        }
        finishIfDone()
    }

    func finishIfDone() {
        guard !isSending, interval.inFlight == 0, !isFinished else { return }
        isFinished = true
        sweep?.cancel()
        closeAllConnections()
        finished.succeed(statistics)
    }
}
