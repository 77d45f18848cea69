internal import Glibc
internal import Synchronization
public import WorkerProtocol

/// The origin's image workers: a few `vignette-worker` processes, and a bounded queue in front of them.
///
/// Hostile bytes are decoded in those processes only. One that dies or hangs costs its own job and is replaced.
public final class WorkerPool: Sendable {
    private let configuration: WorkerPoolConfiguration
    private let observer: WorkerPoolObserver
    private let inbox: PoolInbox
    private let thread = Mutex<Lifecycle>(.new)
    private let numbers = Atomic<UInt64>(1)

    private enum Lifecycle {
        case new
        case running(JoinableThread)
        case stopped
    }

    public init(
        configuration: WorkerPoolConfiguration, observer: WorkerPoolObserver = WorkerPoolObserver()
    ) throws(WorkerPoolError) {
        guard configuration.workers >= 1 else {
            throw WorkerPoolError("there must be at least one image worker, not \(configuration.workers)")
        }
        self.configuration = configuration
        self.observer = observer
        do {
            inbox = try PoolInbox()
        } catch {
            throw WorkerPoolError("\(error)")
        }
    }

    /// Starts the workers; returns when all of them are warm and ready.
    public func start() async throws(WorkerPoolError) {
        try thread.withLock { lifecycle throws(WorkerPoolError) in
            guard case .new = lifecycle else { throw WorkerPoolError("the pool was started before") }
            let (configuration, observer, inbox) = (configuration, observer, inbox)
            guard let started = JoinableThread({ PoolThread(configuration, observer, inbox).run() }) else {
                throw WorkerPoolError("no thread could be started for the image workers")
            }
            lifecycle = .running(started)
        }
        let result = await withCheckedContinuation { continuation in
            if !inbox.post(.started(continuation)) {
                continuation.resume(returning: .failure(WorkerPoolError("the pool was stopped")))
            }
        }
        guard case .failure(let error) = result else { return }
        await shutdown()
        throw error
    }

    /// Makes a variant of a source image.
    ///
    /// - Parameters:
    ///   - recipe: in canonical form.
    ///   - deadline: the worker is killed and the job fails when it is not done by then.
    ///   - limits: those of the configuration unless given.
    /// - Throws: cancelling the task gives up the job's place in the queue and throws `.cancelled`.
    public func transform(
        _ source: SourceImageBytes, recipe: String, formats policy: OutputPolicy, limits: TransformLimits? = nil,
        deadline: ContinuousClock.Instant
    ) async throws(TransformError) -> TransformedImage {
        let limits = limits ?? configuration.limits
        guard source.count <= limits.inputBytes else {
            throw .tooLarge(.inputBytes, actual: source.count, allowed: limits.inputBytes)
        }
        let number = numbers.wrappingAdd(1, ordering: .relaxed).oldValue
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let job = PendingJob(
                    number: number, source: source, recipe: recipe, policy: policy, limits: limits, submitted: .now,
                    deadline: deadline, continuation: continuation)
                guard inbox.post(.submit(job)) else {
                    return continuation.resume(returning: .failure(.stopping))
                }
                // Cancelled before it was posted: the handler below ran too early to find it.
                if Task.isCancelled {
                    _ = inbox.post(.cancel(number))
                }
            }
        } onCancel: {
            _ = inbox.post(.cancel(number))
        }
        return try result.get()
    }

    /// How the pool stands now.
    public var status: WorkerPoolStatus {
        inbox.status.withLock { $0 }
    }

    /// Ends every worker and fails what is under way; returns when no process is left.
    public func shutdown() async {
        let running = thread.withLock { lifecycle -> JoinableThread? in
            defer { lifecycle = .stopped }
            guard case .running(let thread) = lifecycle else { return nil }
            return thread
        }
        guard let running else { return }
        _ = inbox.post(.stop)
        await running.join()
    }

    deinit {
        // The thread holds the inbox, not the pool.
        _ = inbox.post(.stop)
    }
}
