internal import Synchronization

/// A value that curl's thread fulfils once and one task awaits.
final class Promise<Value: Sendable>: Sendable {
    typealias Outcome = Result<Value, CurlError>

    private enum State {
        case pending
        case awaited(CheckedContinuation<Outcome, Never>)
        case fulfilled(Outcome)
    }

    private let state = Mutex(State.pending)

    func await(_ continuation: CheckedContinuation<Outcome, Never>) {
        let outcome: Outcome? = state.withLock { state in
            if case .fulfilled(let outcome) = state { return outcome }
            state = .awaited(continuation)
            return nil
        }
        if let outcome {
            continuation.resume(returning: outcome)
        }
    }

    func fulfil(_ outcome: Outcome) {
        let continuation: CheckedContinuation<Outcome, Never>? = state.withLock { state in
            defer { state = .fulfilled(outcome) }
            guard case .awaited(let continuation) = state else { return nil }
            return continuation
        }
        continuation?.resume(returning: outcome)
    }
}
