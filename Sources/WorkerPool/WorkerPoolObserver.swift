/// Where the pool tells what happens, for metrics and logs. Called on the pool's own thread: must not block.
public struct WorkerPoolObserver: Sendable {
    public var workerStarted: @Sendable (_ process: Int32) -> Void
    /// `reason` is such as `signal 9` or `exit status 1`.
    public var workerEnded: @Sendable (_ process: Int32, _ reason: String) -> Void
    /// A worker was given a job.
    public var jobStarted: @Sendable (_ process: Int32) -> Void
    public var jobEnded: @Sendable (WorkerPoolJobReport) -> Void
    /// Anything else an operator should read.
    public var problem: @Sendable (String) -> Void

    public init(
        workerStarted: @escaping @Sendable (_ process: Int32) -> Void = { _ in },
        workerEnded: @escaping @Sendable (_ process: Int32, _ reason: String) -> Void = { _, _ in },
        jobStarted: @escaping @Sendable (_ process: Int32) -> Void = { _ in },
        jobEnded: @escaping @Sendable (WorkerPoolJobReport) -> Void = { _ in },
        problem: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.workerStarted = workerStarted
        self.workerEnded = workerEnded
        self.jobStarted = jobStarted
        self.jobEnded = jobEnded
        self.problem = problem
    }
}

public struct WorkerPoolJobReport: Sendable {
    /// `ok`, or the label of the ``TransformError``.
    public let outcome: String
    /// From its submission to its end.
    public let duration: Duration
    /// In the worker; zero where that is not known.
    public let cpuTime: Duration
    public let sourceBytes: Int
}

/// The pool at one moment.
public struct WorkerPoolStatus: Sendable, Equatable {
    /// Process ids of the workers that run.
    public var processes: [Int32] = []
    /// Of these: ready and at work.
    public var busy = 0
    public var waitingJobs = 0
    public var waitingBytes = 0
}
