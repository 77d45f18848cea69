import CacheProtocol

/// Who waits until a revision is applied. Mirrors AppliedWaiters.
extension NodeProcess {
    func waitUntilApplied(_ revision: Revision, _ then: @escaping (Bool) -> Void) {
        if rules.applied >= revision { return then(true) }
        var isDone = false
        appliedWaiters.append(
            (revision, {
                guard !isDone else { return }
                isDone = true
                then(true)
            }))
        later(1_000_000_000) {
            guard !isDone else { return }
            isDone = true
            then(false)
        }
    }

    func wakeAppliedWaiters() {
        let applied = rules.applied
        let due = appliedWaiters.filter { $0.revision <= applied }
        guard !due.isEmpty else { return }
        appliedWaiters.removeAll { $0.revision <= applied }
        for waiter in due { waiter.resume() }
    }
}
