internal import CProcess
internal import Glibc
internal import Synchronization
internal import WorkerProtocol

/// Between callers and the pool's thread: what they ask of it (posting wakes it), and how it stands.
final class PoolInbox: Sendable {
    enum Message: Sendable {
        case submit(PendingJob)
        case cancel(UInt64)
        /// Resumed when every worker has been ready, or with what went wrong.
        case started(CheckedContinuation<Result<Void, WorkerPoolError>, Never>)
        case stop
    }

    private struct Content {
        var messages: [Message] = []
        var isClosed = false
    }

    private let content = Mutex(Content())
    /// Written by the pool's thread after each turn.
    let status = Mutex(WorkerPoolStatus())
    /// Readable while there are messages.
    let wakeDescriptor: Int32

    init() throws(SystemError) {
        wakeDescriptor = vignette_bell_create()
        guard wakeDescriptor >= 0 else { throw SystemError("eventfd", errno: -wakeDescriptor) }
    }

    deinit {
        Glibc.close(wakeDescriptor)
    }

    /// False when the thread has ended and nobody will read the message.
    func post(_ message: Message) -> Bool {
        let isOpen = content.withLock { content in
            if !content.isClosed { content.messages.append(message) }
            return !content.isClosed
        }
        if isOpen {
            vignette_bell_ring(wakeDescriptor)
        }
        return isOpen
    }

    func take() -> [Message] {
        vignette_bell_silence(wakeDescriptor)
        return content.withLock { content in
            let messages = content.messages
            content.messages = []
            return messages
        }
    }

    /// The last messages; from now on `post` refuses.
    func close() -> [Message] {
        content.withLock { content in
            content.isClosed = true
            let messages = content.messages
            content.messages = []
            return messages
        }
    }
}

/// A job and who waits for it.
struct PendingJob: Sendable {
    let number: UInt64
    let source: SourceImageBytes
    let recipe: String
    let policy: OutputPolicy
    let limits: TransformLimits
    let submitted: ContinuousClock.Instant
    let deadline: ContinuousClock.Instant
    let continuation: CheckedContinuation<Result<TransformedImage, TransformError>, Never>

    func frame(now: ContinuousClock.Instant) -> Frame {
        // Only a backstop for an origin that can no longer keep the deadline itself. Encoders may use several cores.
        let seconds = max(1, Int((deadline - now).components.seconds) + 1) * 4
        let job = TransformJob(
            number: number, sourceBytes: source.count, recipe: recipe, policy: policy, limits: limits,
            cpuSeconds: min(seconds, 86_400))
        return .job(job)
    }
}
