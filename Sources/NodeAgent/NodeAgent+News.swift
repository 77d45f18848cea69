internal import CacheProtocol
internal import Logging
internal import Synchronization

/// What a node does with what it is told.
extension NodeAgent {
    /// What follows from news, in the order that the invariants demand. Whatever fails is tried again: the next request asks
    /// from what is acknowledged.
    func take(_ news: FollowNews, _ following: inout Following, _ hooks: NodeAgentHooks) async throws {
        if let snapshot = news.snapshot { try await adopt(snapshot, news.erasures, &following, hooks) }
        let erased = news.erasures + news.entries.compactMap { Erasure($0) }
        try await apply(news.entries, erased, &following, hooks)
        try await configure(by: news.grant, &following, hooks)
        if news.snapshot != nil || !news.entries.isEmpty {
            await hooks.barrier()
            acknowledge()
            waiters.applied(rules.applied)
            // A sweep gives segments back without overwriting them: what was erased is destroyed first, then it is swept.
            if dueErasures.isEmpty { sweeps.request(hooks.sweep) }
            try await limitRules(hooks)
        }
        if !erased.isEmpty { erasureBell.ring() }
    }

    private func apply(
        _ entries: [JournalEntry], _ erased: [Erasure], _ following: inout Following, _ hooks: NodeAgentHooks
    ) async throws {
        let applied = store.withLock { $0.rules.applied }
        // Before it is on the disk: a node that crashes in between must be told again.
        if entries.contains(where: { $0.revision > applied && $0.command.scope == .node(identity.folder) }) {
            try await dropCaches(&following, hooks)
        }
        guard !entries.isEmpty || !erased.isEmpty else { return }
        try await onDisk { (files) throws(NodeAgentError) in
            // Of one that is told again nothing may be left to do, and nobody would end the wait for it.
            hooks.expect(try files.erasures.add(erased))
            try files.rules.append(entries)
        }
        do throws(ApplyError) {
            try rules.apply(entries)
        } catch {
            throw NodeAgentError(.badAnswer, "The origin's journal can't be applied: \(error)")
        }
        try await onDisk { [rules] (files) throws(NodeAgentError) in
            if files.rules.wantsFolding { try files.rules.fold(to: rules.read { $0 }) }
        }
    }

    /// Serves by what the rules say. Also anew, when the journal's head is below what the node serves by: that configuration
    /// was answered ahead of the entries, and a restore has taken it back.
    private func configure(by grant: Grant?, _ following: inout Following, _ hooks: NodeAgentHooks) async throws {
        guard let current = rules.read({ $0.configuration }) else { return }
        let isLost = grant.map { $0.head < following.served } ?? false
        guard current.revision != following.configured || isLost else { return }
        following.served = try await hooks.configure(current)
        following.configured = current.revision
    }

    /// Takes the fold of entries that the journal keeps no more. It only adds to what this node has applied: both are on the
    /// same chain.
    private func adopt(
        _ snapshot: RuleSnapshot, _ erased: [Erasure], _ following: inout Following, _ hooks: NodeAgentHooks
    ) async throws {
        let (journal, applied) = store.withLock { ($0.rules.journal, $0.rules.applied) }
        guard snapshot.journal == journal else {
            throw NodeAgentError(.badAnswer, "The origin sent a snapshot of journal \(snapshot.journal), which this node does not follow.")
        }
        guard snapshot.revision > applied else { return }
        if let forgotten = snapshot.table.forgotten[identity.folder], forgotten > applied {
            try await dropCaches(&following, hooks)
        }
        if snapshot.table.floor > .zero { try await hooks.raiseFloor(snapshot.table.floor) }
        try await onDisk { (files) throws(NodeAgentError) in
            hooks.expect(try files.erasures.add(erased))
            try files.rules.reset(to: snapshot)
        }
        rules.advance(to: snapshot.table)
    }

    /// The operator has said that this folder is no member any more (DESIGN §4, rule 14).
    private func dropCaches(_ following: inout Following, _ hooks: NodeAgentHooks) async throws {
        log.warning("this node was forgotten by the cluster: its caches are emptied")
        lease.update { $0.surrender() }
        await hooks.barrier()
        try await hooks.emptyCaches()
        following.renewAt = BootInstant(nanoseconds: 0)
    }

    /// Keeps the rules below their cap: the floor rises, and what was cached before it is lost.
    private func limitRules(_ hooks: NodeAgentHooks) async throws {
        guard let floor = rules.read({ [configuration] in $0.floorNeeded(limit: configuration.ruleLimit) }) else { return }
        log.warning(
            "more purges are in force than this node keeps: what was cached before the floor is dropped",
            metadata: ["floor": "\(floor)", "limit": "\(configuration.ruleLimit)"])
        try await hooks.raiseFloor(floor)
        rules.raiseFloor(to: floor)
        try await onDisk { [rules] (files) throws(NodeAgentError) in try files.rules.fold(to: rules.read { $0 }) }
    }

    func startOver(_ journal: JournalID, _ hooks: NodeAgentHooks) async throws {
        if store.withLock({ $0.rules.journal }) == nil {
            log.info("this node is new to the journal", metadata: ["journal": "\(journal)"])
        } else {
            log.warning("this node is not on the journal's chain: its caches are emptied", metadata: ["journal": "\(journal)"])
        }
        lease.update { $0.surrender() }
        await hooks.barrier()
        try await hooks.emptyCaches()
        let fresh = RuleTable(journal: journal)
        try await onDisk { (files) throws(NodeAgentError) in
            try files.erasures.clear()
            try files.rules.reset(to: RuleSnapshot(journal: journal, table: fresh))
        }
        rules.restart(fresh)
        acknowledge()
    }
}
