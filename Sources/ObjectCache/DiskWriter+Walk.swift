extension DiskWriter {
    /// One step of the walk that is under way, or of the next.
    func walkOn() {
        if walk == nil { beginWalk() }
        guard let walk else { return }
        switch walk.step() {
        case .goesOn: break
        case .wantsCheckpoint: checkpointIfChanged()
        case .isDone:
            self.walk = nil
            walk.end()
            // Somebody may have asked in the meantime; nobody rings for that.
            if !waitingWalks.isEmpty { queue.bell.ring() }
        }
    }

    private func beginWalk() {
        guard !waitingWalks.isEmpty else { return }
        switch waitingWalks.removeFirst() {
        case .reclaim(let erases, let waiter):
            walk = SourceWalk(core, .reclaim(erases, waiter), SourceMatcher(erases))
        case .find(let sources, let waiter):
            walk = SourceWalk(core, .find(waiter), SourceMatcher(sources))
        case let other:
            other.refuse()
        }
    }

    /// The cache is shut down.
    func refuseWalks() {
        walk?.refuse()
        walk = nil
        for request in waitingWalks { request.refuse() }
        waitingWalks = []
    }
}
