internal import Synchronization

/// What lies between curl's thread, which fills it, and one reading task, which empties it.
final class StreamBuffer: Sendable {
    /// The second value: the transfer stands still for want of room and is to be resumed.
    typealias Chunk = (Result<[UInt8]?, CurlError>, wasPaused: Bool)

    enum Verdict {
        case taken, full
    }

    private struct State {
        var bytes: [UInt8] = []
        var isPaused = false
        var end: Result<Void, CurlError>?
        var reader: CheckedContinuation<Chunk, Never>?

        /// What a reader gets now; `nil`: it has to wait.
        mutating func take() -> Chunk? {
            if !bytes.isEmpty {
                var taken: [UInt8] = []
                swap(&taken, &bytes)
                defer { isPaused = false }
                return (.success(taken), wasPaused: isPaused)
            }
            return end.map { ($0.map { nil }, wasPaused: false) }
        }
    }

    private let capacity: Int
    private let head = Promise<CurlHead>()
    private let state = Mutex(State())

    init(capacity: Int) {
        self.capacity = capacity
    }

    // MARK: The reading task

    func awaitHead(_ continuation: CheckedContinuation<Result<CurlHead, CurlError>, Never>) {
        head.await(continuation)
    }

    func awaitChunk(_ continuation: CheckedContinuation<Chunk, Never>) {
        let chunk: Chunk? = state.withLock { state in
            let chunk = state.take()
            if chunk == nil {
                state.reader = continuation
            }
            return chunk
        }
        if let chunk {
            continuation.resume(returning: chunk)
        }
    }

    // MARK: Curl's thread

    func deliver(_ head: CurlHead) {
        self.head.fulfil(.success(head))
    }

    /// `full`: nothing was taken; the same bytes come again after the transfer was resumed.
    func deliver(_ bytes: UnsafeRawBufferPointer) -> Verdict {
        let (verdict, wake) = state.withLock { state -> (Verdict, (() -> Void)?) in
            guard state.bytes.count < capacity else {
                state.isPaused = true
                return (.full, nil)
            }
            state.bytes.append(contentsOf: bytes)
            return (.taken, Self.wakeReader(&state))
        }
        wake?()
        return verdict
    }

    func finish(_ error: CurlError?) {
        if let error {
            head.fulfil(.failure(error))
        }
        let wake = state.withLock { state in
            state.end = error.map { .failure($0) } ?? .success(())
            return Self.wakeReader(&state)
        }
        wake?()
    }

    private static func wakeReader(_ state: inout State) -> (() -> Void)? {
        guard let reader = state.reader, let chunk = state.take() else { return nil }
        state.reader = nil
        return { reader.resume(returning: chunk) }
    }
}
