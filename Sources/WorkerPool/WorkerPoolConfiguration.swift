public import WorkerProtocol

/// How many workers, how much may wait for them, and what one job may cost.
public struct WorkerPoolConfiguration: Sendable {
    /// Path of `vignette-worker`.
    public var executable: String
    /// Processes; each does one job at a time on one core. Default: one.
    public var workers: Int
    /// Jobs that may wait for a worker; one more is refused. Each holds a descriptor. Default 256.
    public var waitingJobs: Int
    /// Bytes of source images that may wait. Default 512 MB.
    public var waitingBytes: Int
    /// Address space of one worker in bytes, its libraries (about 0.5 GB) included. Default 4 GiB.
    public var memoryBytes: Int
    /// How long a worker may take from its start until it is ready. Default 60 s: an origin whose first workers are late does
    /// not start, and a machine that comes up with everything at once is slow.
    public var startTimeout: Duration
    public var limits: TransformLimits

    public init(
        executable: String, workers: Int = 1, waitingJobs: Int = 256, waitingBytes: Int = 512_000_000,
        memoryBytes: Int = 4 << 30, startTimeout: Duration = .seconds(60), limits: TransformLimits = TransformLimits()
    ) {
        self.executable = executable
        self.workers = workers
        self.waitingJobs = waitingJobs
        self.waitingBytes = waitingBytes
        self.memoryBytes = memoryBytes
        self.startTimeout = startTimeout
        self.limits = limits
    }
}
