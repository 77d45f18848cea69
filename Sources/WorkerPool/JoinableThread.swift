internal import Glibc
internal import Synchronization

/// A thread of our own, for work that blocks, whose end can be awaited without blocking.
final class JoinableThread: Sendable {
    private struct End {
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let end = Mutex(End())
    private let body: @Sendable () -> Void

    /// nil when the system has no thread left.
    init?(_ body: @escaping @Sendable () -> Void) {
        self.body = body
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let status = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let thread = Unmanaged<JoinableThread>.fromOpaque(context).takeRetainedValue()
                thread.body()
                thread.ended()
                return nil
            }, context.toOpaque())
        guard status == 0 else {
            context.release()
            return nil
        }
        pthread_detach(thread)
    }

    /// Returns when the body has returned.
    func join() async {
        await withCheckedContinuation { continuation in
            let hasEnded = end.withLock { end in
                if !end.hasEnded { end.waiters.append(continuation) }
                return end.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    private func ended() {
        let waiters = end.withLock { end in
            end.hasEnded = true
            return end.waiters
        }
        waiters.forEach { $0.resume() }
    }
}
