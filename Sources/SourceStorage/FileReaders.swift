internal import Glibc
internal import Synchronization

/// A few threads on which files are read, so that a slow disk holds up none of Swift's own threads. The threads end
/// when the last reference is gone.
public final class FileReaders: Sendable {
    /// Files read at the same time.
    public static let defaultThreads = 4
    /// Reads that may wait for a thread; one more is refused.
    public static let maximumWaiting = 1024

    private let queue: JobQueue

    /// - Throws: A description of the thread that could not be started.
    public init(threads: Int = defaultThreads) throws(StorageConfigurationError) {
        queue = JobQueue()
        for _ in 0..<max(1, threads) {
            guard queue.startThread() else {
                queue.close()
                throw StorageConfigurationError(
                    storage: nil,
                    message: "no thread could be started to read files; raise the limit of threads (ulimit -u).")
            }
        }
    }

    deinit {
        queue.close()
    }

    /// Runs `body` on one of the threads; `nil` when too many wait.
    func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value? {
        await withCheckedContinuation { continuation in
            let isTaken = queue.add { continuation.resume(returning: body()) }
            if !isTaken {
                continuation.resume(returning: nil)
            }
        }
    }
}

/// Closures in order, taken by threads that sleep while there are none.
private final class JobQueue: Sendable {
    typealias Job = @Sendable () -> Void

    private struct State {
        var jobs: [Job] = []
        var next = 0
        var isClosed = false

        var waiting: Int { jobs.count - next }

        mutating func take() -> Job? {
            guard next < jobs.count else { return nil }
            defer {
                next += 1
                if next == jobs.count {
                    jobs.removeAll(keepingCapacity: true)
                    next = 0
                }
            }
            return jobs[next]
        }
    }

    private let state = Mutex(State())
    private let threads = Atomic<Int>(0)

    /// Counts the jobs, and at the end the threads that have to leave.
    // nonisolated(unsafe): set once; a POSIX semaphore is made for use by many threads, and lives as long as the queue,
    // which every thread holds.
    nonisolated(unsafe) private let signal: UnsafeMutablePointer<sem_t>

    init() {
        signal = .allocate(capacity: 1)
        sem_init(signal, 0, 0)
    }

    deinit {
        sem_destroy(signal)
        signal.deallocate()
    }

    func add(_ job: @escaping Job) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.isClosed, state.waiting < FileReaders.maximumWaiting else { return false }
            state.jobs.append(job)
            return true
        }
        if isTaken {
            sem_post(signal)
        }
        return isTaken
    }

    func close() {
        state.withLock { $0.isClosed = true }
        for _ in 0..<threads.load(ordering: .relaxed) {
            sem_post(signal)
        }
    }

    func startThread() -> Bool {
        let queue = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<JobQueue>.fromOpaque(argument).takeRetainedValue().work()
                return nil
            }, queue.toOpaque())
        guard status == 0 else {
            queue.release()
            return false
        }
        pthread_detach(thread)
        threads.add(1, ordering: .relaxed)
        return true
    }

    /// Jobs that were taken before the close are still done: somebody awaits each of them.
    private func work() {
        while true {
            while sem_wait(signal) != 0 {}
            let (job, isClosed) = state.withLock { ($0.take(), $0.isClosed) }
            if let job {
                job()
            } else if isClosed {
                return
            }
        }
    }
}
