import CacheProtocol

/// Erased bytes, destroyed and reported. Mirrors NodeAgent+Erase.
extension NodeProcess {
    func destroyErased() {
        guard !isDestroying else { return }
        let due = disk.outstanding.filter { $0.revision <= rules.applied }
        guard !due.isEmpty else { return tellRemovals() }
        isDestroying = true
        if simulation.bug == .removalReportedBeforeDestroyed { report(due) }
        step { [self] in
            barrier { [self] in
                abort(due)
                step { [self] in
                    let isDone = caches.reduce(true) { $1.reclaim(due) && $0 }
                    step { [self] in
                        isDestroying = false
                        guard isDone, !host.diskFails() else { return later(500_000_000) { [self] in destroyErased() } }
                        report(due)
                        destroyErased()
                    }
                }
            }
        }
    }

    private func report(_ done: [Erasure]) {
        // Starting over has emptied all, and forgotten what was outstanding on the other history.
        let known = done.filter { erasure in disk.outstanding.contains(erasure) }
        disk.destroyed(known.map { RemovalReport(revision: $0.revision, objects: 0, bytes: 0, at: host.wall) })
        note("has destroyed what \(known.map(\.revision)) erased")
        if simulation.bug == .removalReportedBeforeDestroyed { tellRemovals() }
    }

    private func tellRemovals() {
        let request = request()
        guard !request.removals.isEmpty, request.journal != nil else { return }
        ask(request, acknowledging: acknowledged) { [self] answer in
            guard case .news = answer else { return }
            disk.reports.removeAll { request.removals.contains($0) }
        }
    }
}
