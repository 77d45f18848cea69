/// What the pool does next, as a pure function of what happened: who works, who waits, who is refused, replaced, killed.
/// The thread that runs it (``PoolThread``) performs the actions, in order.
///
///     down ──start──▶ starting ──ready──▶ idle ──send──▶ busy ──answered──▶ idle
///      ▲                 │ late              │              │ late, or a wrong answer
///      └────── ended ────┴───── kill ─▶ ending ◀────────────┘      (ended from any state: the process died)
struct PoolMachine {
    typealias Instant = ContinuousClock.Instant

    struct Job: Equatable {
        let number: UInt64
        let bytes: Int
        let deadline: Instant
    }

    enum Worker: Equatable {
        /// No process; one is due at this time.
        case down(until: Instant)
        case starting(until: Instant)
        case idle
        case busy(Job)
        /// Killed; its end has not been seen yet.
        case ending
    }

    enum Action: Equatable {
        case start(worker: Int)
        case send(job: UInt64, worker: Int)
        case kill(worker: Int)
        case fail(job: UInt64, TransformError)
        /// The worker's answer belongs to this job.
        case deliver(job: UInt64)
    }

    private(set) var workers: [Worker]
    private var waiting: [Job] = []
    private(set) var waitingBytes = 0
    private var startsFailed = 0
    private var isStopping = false

    private let waitingJobsAllowed: Int
    private let waitingBytesAllowed: Int
    private let startTimeout: Duration

    /// A worker that dies before it is ready is started again after this, doubled each time, up to 64 times this.
    static let restartDelay = Duration.milliseconds(100)

    init(workers: Int, waitingJobs: Int, waitingBytes: Int, startTimeout: Duration, now: Instant) {
        self.workers = Array(repeating: .down(until: now), count: workers)
        waitingJobsAllowed = waitingJobs
        waitingBytesAllowed = waitingBytes
        self.startTimeout = startTimeout
    }

    var waitingCount: Int { waiting.count }

    /// When ``timePassed(now:)`` is due next.
    var nextDeadline: Instant? {
        let ofWorkers = workers.compactMap { worker -> Instant? in
            switch worker {
            case .down(let until), .starting(let until): isStopping ? nil : until
            case .busy(let job): job.deadline
            case .idle, .ending: nil
            }
        }
        return (ofWorkers + waiting.map(\.deadline)).min()
    }

    mutating func submit(_ job: Job) -> [Action] {
        if isStopping {
            return [.fail(job: job.number, .stopping)]
        }
        if let worker = workers.firstIndex(of: .idle) {
            workers[worker] = .busy(job)
            return [.send(job: job.number, worker: worker)]
        }
        guard waiting.count < waitingJobsAllowed, waitingBytes + job.bytes <= waitingBytesAllowed else {
            return [.fail(job: job.number, .overloaded)]
        }
        waiting.append(job)
        waitingBytes += job.bytes
        return []
    }

    /// The caller no longer wants it. A job that waits gives up its place; one that runs keeps its worker until it is
    /// done, because starting a worker anew costs more than most jobs.
    mutating func cancel(_ number: UInt64) -> [Action] {
        if let index = waiting.firstIndex(where: { $0.number == number }) {
            waitingBytes -= waiting.remove(at: index).bytes
        }
        return [.fail(job: number, .cancelled)]
    }

    mutating func ready(worker: Int) -> [Action] {
        guard case .starting = workers[worker] else { return misbehaved(worker: worker, "it was ready twice") }
        startsFailed = 0
        return becameIdle(worker)
    }

    mutating func answered(worker: Int, job number: UInt64) -> [Action] {
        guard case .busy(let job) = workers[worker], job.number == number else {
            return misbehaved(worker: worker, "it answered a job that it was not given")
        }
        return [.deliver(job: number)] + becameIdle(worker)
    }

    /// The worker broke the protocol: it can't be trusted with anything any more.
    mutating func misbehaved(worker: Int, _ reason: String) -> [Action] {
        var actions = [Action.kill(worker: worker)]
        switch workers[worker] {
        case .busy(let job): actions.append(.fail(job: job.number, .crashed(reason)))
        case .starting, .idle: break
        case .ending, .down: return []
        }
        workers[worker] = .ending
        return actions
    }

    /// The job never reached the worker, whose process must be dead: the job goes to another.
    mutating func sendFailed(worker: Int) -> [Action] {
        guard case .busy(let job) = workers[worker] else { return [] }
        workers[worker] = .ending
        waiting.insert(job, at: 0)
        waitingBytes += job.bytes
        return [.kill(worker: worker)]
    }

    /// The process is gone.
    mutating func ended(worker: Int, reason: String, now: Instant) -> [Action] {
        var actions: [Action] = []
        var delay = Duration.zero
        switch workers[worker] {
        case .busy(let job):
            actions.append(.fail(job: job.number, .crashed(reason)))
        case .starting:
            delay = PoolMachine.restartDelay * (1 << min(startsFailed, 6))
            startsFailed += 1
        case .idle, .ending, .down:
            break
        }
        workers[worker] = .down(until: now + delay)
        return actions + timePassed(now: now)
    }

    mutating func timePassed(now: Instant) -> [Action] {
        var actions: [Action] = []
        for (index, worker) in workers.enumerated() {
            switch worker {
            case .down(let until) where until <= now && !isStopping:
                workers[index] = .starting(until: now + startTimeout)
                actions.append(.start(worker: index))
            case .starting(let until) where until <= now:
                startsFailed += 1
                workers[index] = .ending
                actions.append(.kill(worker: index))
            case .busy(let job) where job.deadline <= now:
                workers[index] = .ending
                actions += [.kill(worker: index), .fail(job: job.number, .deadline)]
            case .down, .starting, .busy, .idle, .ending:
                break
            }
        }
        // A job that never got a worker in its time met an overloaded server, not a slow image.
        for job in waiting where job.deadline <= now {
            waitingBytes -= job.bytes
            actions.append(.fail(job: job.number, .overloaded))
        }
        waiting.removeAll { $0.deadline <= now }
        return actions
    }

    /// Nothing is accepted any more; what waits and what runs fails; every process is ended.
    mutating func stop() -> [Action] {
        isStopping = true
        var actions = waiting.map { Action.fail(job: $0.number, .stopping) }
        waiting = []
        waitingBytes = 0
        for (index, worker) in workers.enumerated() {
            switch worker {
            case .busy(let job): actions += [.fail(job: job.number, .stopping), .kill(worker: index)]
            case .starting, .idle: actions.append(.kill(worker: index))
            case .down, .ending: continue
            }
            workers[index] = .ending
        }
        return actions
    }

    private mutating func becameIdle(_ worker: Int) -> [Action] {
        guard !waiting.isEmpty else {
            workers[worker] = .idle
            return []
        }
        let job = waiting.removeFirst()
        waitingBytes -= job.bytes
        workers[worker] = .busy(job)
        return [.send(job: job.number, worker: worker)]
    }
}
