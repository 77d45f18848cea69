internal import NIOCore
internal import NIOPosix

/// Runs one phase on its event loops and tells how it goes once a second.
struct PhaseRunner: Sendable {
    private let plan: PhasePlan
    private let loops: [LoadLoop]
    private let isPriming: Bool

    init(plan: PhasePlan, group: MultiThreadedEventLoopGroup, isPriming: Bool) {
        self.plan = plan
        self.isPriming = isPriming
        loops = (0..<plan.loopCount).map { LoadLoop(eventLoop: group.next(), plan: plan, index: $0) }
    }

    func stop() {
        plan.requestStop()
        for loop in loops { loop.stop() }
    }

    func run(_ onProgress: @escaping @Sendable (LoadProgress) -> Void) async throws -> LoopStatistics {
        let running = loops.map { $0.start() }
        let reporter = Task { try await report(onProgress) }
        defer { reporter.cancel() }
        var total = LoopStatistics()
        for loop in running {
            total.add(try await loop.get())
        }
        return total
    }

    private func report(_ onProgress: @Sendable (LoadProgress) -> Void) async throws {
        var last = monotonicNow()
        var answered = 0
        var errors = 0
        while true {
            try await Task.sleep(for: .seconds(1))
            var interval = IntervalStatistics()
            for loop in loops {
                interval.add(try await loop.takeInterval().get())
            }
            let now = monotonicNow()
            answered += interval.answered
            errors += interval.errors
            try Task.checkCancellation()
            onProgress(progress(interval, answered: answered, errors: errors, since: last, now: now))
            last = now
        }
    }

    private func progress(
        _ interval: IntervalStatistics, answered: Int, errors: Int, since last: UInt64, now: UInt64
    ) -> LoadProgress {
        let phase: LoadProgress.Phase =
            isPriming ? .priming : now < plan.measureFrom ? .warmup : now < plan.end && !plan.stopRequested ? .measuring : .draining
        let began = phase == .measuring || phase == .draining ? plan.measureFrom : plan.start
        let summary = interval.latency.summary
        return LoadProgress(
            phase: phase,
            elapsedSeconds: now > began ? Double(now - began) / 1e9 : 0,
            plannedSeconds: isPriming ? nil : Double((phase == .warmup ? plan.measureFrom : plan.end) - began) / 1e9,
            answersPerSecond: Double(interval.answered) / (Double(now - last) / 1e9),
            answered: answered,
            plannedRequests: plan.requestLimit,
            inFlight: interval.inFlight,
            p50: summary?.p50,
            p99: summary?.p99,
            hitShare: interval.answered > 0 ? Double(interval.hits) / Double(interval.answered) : nil,
            errors: errors
        )
    }
}
