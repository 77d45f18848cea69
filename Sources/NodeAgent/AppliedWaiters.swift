internal import CacheProtocol
internal import Synchronization

/// Requests that can't be answered before a revision is applied here (DESIGN §4, rule 11).
final class AppliedWaiters: Sendable {
    private struct Waiter {
        var revision: Revision
        var continuation: CheckedContinuation<Bool, Never>
    }

    private let waiters = Mutex<(next: UInt64, waiting: [UInt64: Waiter])>((0, [:]))

    func applied(_ revision: Revision) {
        let due = waiters.withLock { state in
            let due = state.waiting.filter { $0.value.revision <= revision }
            for key in due.keys { state.waiting[key] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume(returning: true) }
    }

    /// - Returns: whether `revision` was applied within `patience`.
    func wait(for revision: Revision, in rules: RuleBook, patience: Duration) async -> Bool {
        guard rules.applied < revision else { return true }
        let number = waiters.withLock { state in
            state.next += 1
            return state.next
        }
        let deadline = ContinuousClock.now.advanced(by: patience)
        let alarm = Task {
            try? await Task.sleep(until: deadline)
            give(up: number)
        }
        defer { alarm.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiters.withLock { $0.waiting[number] = Waiter(revision: revision, continuation: continuation) }
                // Applied, cancelled, or over, between the look above and the entry in the list.
                if rules.applied >= revision { applied(rules.applied) }
                if Task.isCancelled || ContinuousClock.now >= deadline { give(up: number) }
            }
        } onCancel: {
            give(up: number)
        }
    }

    var count: Int { waiters.withLock { $0.waiting.count } }

    private func give(up number: UInt64) {
        let waiter = waiters.withLock { $0.waiting.removeValue(forKey: number) }
        waiter?.continuation.resume(returning: false)
    }
}
