import CacheProtocol

/// What the desk tells, taken in. Mirrors NodeAgent+News.
extension NodeProcess {
    /// The order matters. The rules in memory are never ahead of the disk: else a journal that is restored meanwhile would
    /// find a node on its chain that holds rules of a history that is gone. And who serves by a configuration has applied
    /// all that came before it, because commands of before wait by older configurations' leases.
    func take(_ news: FollowNews, _ then: @escaping (Bool) -> Void) {
        let persistsFirst = bug != .appliedBeforePersisted
        if bug == .configuredBeforeApplied, let ordered = news.configuration { configureIfNew(ordered) { _ in } }
        adopt(news) { [self] isDone in
            guard isDone, persistsFirst || applyInMemory(news) else { return then(false) }
            persist(news, isDue: persistsFirst) { [self] isDone in
                guard isDone, !persistsFirst || applyInMemory(news) else { return then(false) }
                configureIfNew(rules.book.read { $0.configuration }) { [self] isDone in
                    guard isDone else { return then(false) }
                    persist(news, isDue: !persistsFirst) { [self] isDone in isDone ? finish(news, then) : then(false) }
                }
            }
        }
    }

    /// Takes the snapshot, if there is one.
    private func adopt(_ news: FollowNews, _ then: @escaping (Bool) -> Void) {
        guard let snapshot = news.snapshot else { return then(true) }
        guard snapshot.journal == disk.journal else { return then(false) }
        guard snapshot.revision > disk.applied else { return then(true) }
        let isForgotten = snapshot.table.forgotten[disk.identity].map { $0 > disk.applied } ?? false
        if isForgotten { dropCaches() }
        step { [self] in
            if isForgotten, !emptyCaches() { return then(false) }
            if snapshot.table.floor > .zero {
                for cache in caches where !cache.raiseFloor(to: snapshot.table.floor) { return then(false) }
            }
            if bug == .appliedBeforePersisted {
                rules.advance(to: snapshot.table)
                guard rules.applied == snapshot.revision else { return then(true) }
            }
            step { [self] in
                guard !host.diskFails() else { return then(false) }
                disk.add(news.erasures)
                disk.reset(snapshot.journal, to: snapshot.table)
                rules.advance(to: snapshot.table)
                if bug == .lostTombstoneAtTheSnapshot { rules.lostTombstones = snapshot.revision }
                note("has taken the snapshot of \(snapshot.revision)")
                then(true)
            }
        }
    }

    private func applyInMemory(_ news: FollowNews) -> Bool {
        do throws(ApplyError) {
            try rules.apply(news.entries)
            return true
        } catch {
            note("can't apply: \(error)")
            return false
        }
    }

    private func configureIfNew(_ current: AppliedConfiguration?, _ then: @escaping (Bool) -> Void) {
        guard let current, bug != .configurationAcknowledgedUnread || configuration == nil || host.role == .origin else { return then(true) }
        // By what it says and not by its revision alone: what is served by may be of a history that is gone.
        let isNew =
            bug == .configurationOfALostHistoryKept
            ? current.revision > configured
            : current.revision != configured || configuration != simulation.configuration(current.document)
        guard isNew else {
            leases = simulation.configuration(current.document).leases
            return then(true)
        }
        configure(current) { [self] isDone in
            if isDone, bug == .configurationOfALostHistoryKept { configured = max(configured, current.revision) }
            then(isDone)
        }
    }

    private func persist(_ news: FollowNews, isDue: Bool, _ then: @escaping (Bool) -> Void) {
        guard isDue else { return then(true) }
        if news.snapshot == nil, !news.erasures.isEmpty, !host.diskFails() { disk.add(news.erasures) }
        guard !news.entries.isEmpty else { return then(true) }
        let isForgotten = news.entries.contains { $0.command.scope == .node(disk.identity) }
        if isForgotten { dropCaches() }
        barrier { [self] in
            step { [self] in
                if isForgotten, !emptyCaches() { return then(false) }
                guard !host.diskFails() else { return then(false) }
                disk.add(news.entries.compactMap { Erasure($0) })
                disk.append(news.entries.filter { $0.revision > disk.applied })
                then(true)
            }
        }
    }

    private func finish(_ news: FollowNews, _ then: @escaping (Bool) -> Void) {
        guard news.snapshot != nil || !news.entries.isEmpty || !news.erasures.isEmpty || acknowledged < disk.applied else {
            return then(true)
        }
        if let last = news.entries.last { note("has applied \(last.revision)") }
        wakeAppliedWaiters()
        barrier { [self] in
            acknowledged = disk.applied
            if disk.entries.count > 12 { rules.book.read { disk.fold(to: $0) } }
            if !sweepIsDue {
                sweepIsDue = true
                step { [self] in
                    sweepIsDue = false
                    for cache in caches { cache.sweep() }
                }
            }
            destroyErased()
            limitRules(then)
        }
    }
}

extension FollowNews {
    /// The last that is ordered.
    fileprivate var configuration: AppliedConfiguration? {
        entries.last { $0.command.kind == .configure }.flatMap { entry in
            guard case .configuration(let change) = entry.command.scope else { return nil }
            return AppliedConfiguration(revision: entry.revision, document: change.document)
        }
    }
}
