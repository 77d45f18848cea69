public import CacheProtocol
internal import Dispatch
public import Logging
internal import Synchronization

/// A node's part of the protocol: it joins, holds the lease, follows the journal, applies, persists and acknowledges
/// (DESIGN §4). Requests ask `lease` and `rules`; nothing else of the agent is on their way.
///
/// Invariants
/// 1. What is acknowledged is applied in `rules`, synced to the disk, and past the barrier: no request that looked up
///    before can still be answered from what it found.
/// 2. A node that is not on the chain gives up its lease before it empties its caches, and empties them before it forgets
///    the journal that it followed.
public final class NodeAgent: Sendable {
    public let rules: RuleBook
    public let lease = LeaseGate()
    public let incarnation: Incarnation

    private let configuration: NodeAgentConfiguration
    private let identity: NodeIdentity
    private let link: any JournalLink
    private let log: Logger
    private let store: Mutex<RuleLog>
    private let disk = DispatchQueue(label: "vignette.rule-log")
    private let waiters = AppliedWaiters()
    private let sweeps = CoalescedWork()

    /// Reads back what the node has applied in its former lives.
    /// - Throws: `folderUnusable`.
    public init(
        configuration: NodeAgentConfiguration, folder: DataFolder, link: any JournalLink, log: Logger
    ) throws(NodeAgentError) {
        self.configuration = configuration
        incarnation = Incarnation(life: UInt32(clamping: folder.life))
        identity = NodeIdentity(name: configuration.name, folder: folder.identity, role: configuration.role)
        self.link = link
        self.log = log
        var ruleLog = try RuleLog(in: folder.path)
        let table = try ruleLog.recover()
        let applied = ruleLog.applied
        lease.update { $0.apply(through: applied) }
        // A node without a journal is told to start over by the first origin that answers; until then it has no lease.
        rules = RuleBook(table ?? RuleTable(journal: .random()))
        store = Mutex(ruleLog)
    }

    /// Waits for a revision that somebody has named before this node applied it.
    /// - Returns: whether it was applied within `patience`.
    public func waitUntilApplied(_ revision: Revision, patience: Duration) async -> Bool {
        await waiters.wait(for: revision, in: rules, patience: patience)
    }

    /// Follows until the task is cancelled; then the node gives its lease back.
    /// - Throws: `superseded`. Everything else is logged and tried again.
    public func run(_ hooks: NodeAgentHooks) async throws(NodeAgentError) {
        var following = Following(pause: configuration.firstPause)
        while !Task.isCancelled {
            do {
                try await turn(&following, hooks)
                following.pause = configuration.firstPause
            } catch let error as NodeAgentError where error.code == .superseded {
                throw error
            } catch is CancellationError {
                break
            } catch {
                report(error, &following)
                try? await Task.sleep(for: .milliseconds(following.pause))
                following.pause = min(following.pause * 2, configuration.lastPause)
            }
        }
        await leave(hooks)
    }

    private struct Following {
        var joins = true
        var renewAt = BootInstant(nanoseconds: 0)
        var pause: UInt64
        var lastReported = ""
    }

    /// One request and what follows from its answer.
    private func turn(_ following: inout Following, _ hooks: NodeAgentHooks) async throws {
        let sentAt = BootInstant.now()
        let wantsGrant = sentAt >= following.renewAt
        let patience = wantsGrant ? 0 : min(configuration.patience, following.renewAt.milliseconds(since: sentAt))
        let question = request(
            joins: following.joins, wantsGrant: wantsGrant, configuration: hooks.configuration(), patience: patience)
        switch try await link.follow(question) {
        case .superseded:
            lease.update { $0.surrender() }
            throw NodeAgentError(
                .superseded, "A later process with the data folder of \(configuration.name) has joined; this one ends.")
        case .reconfigured:
            log.info("the origins serve by another configuration than this node; it asks anew")
            lease.update { $0.surrender() }
            await hooks.barrier()
            following.renewAt = BootInstant(nanoseconds: 0)
            try await hooks.reconfigure()
        case .startOver(let journal):
            try await startOver(journal, hooks)
            // What it held is surrendered: it needs a grant of this journal now, not at the old one's third.
            following.renewAt = BootInstant(nanoseconds: 0)
        case .entries(let entries, let grant):
            following.joins = false
            try await apply(entries, hooks)
            let applied = rules.applied
            lease.update { holder in
                holder.apply(through: applied)
                if let grant { holder.receive(grant, requestedAt: sentAt) }
            }
            if let grant { following.renewAt = sentAt.advanced(byMilliseconds: grant.duration / 3) }
        }
        if !following.lastReported.isEmpty {
            log.info("the cluster answers again")
            following.lastReported = ""
        }
    }

    private func request(
        joins: Bool = false, leaves: Bool = false, wantsGrant: Bool = false, configuration: Digest128? = nil,
        patience: UInt64 = 0
    ) -> FollowRequest {
        store.withLock { log in
            FollowRequest(
                node: identity, incarnation: incarnation, joins: joins, leaves: leaves, journal: log.journal,
                applied: log.applied, chain: log.chain, wantsGrant: wantsGrant,
                configuration: configuration, patience: patience)
        }
    }

    private func apply(_ entries: [JournalEntry], _ hooks: NodeAgentHooks) async throws {
        guard !entries.isEmpty else { return }
        do throws(ApplyError) {
            try rules.apply(entries)
        } catch {
            throw NodeAgentError(.badAnswer, "The origin's journal can't be applied: \(error)")
        }
        try await onDisk { (log) throws(NodeAgentError) in
            // An earlier try may have failed after the rules took the entries: what counts here is the file.
            try log.append(entries.filter { $0.revision > log.applied })
        }
        waiters.applied(rules.applied)
        await hooks.barrier()
        sweeps.request(hooks.sweep)
    }

    private func startOver(_ journal: JournalID, _ hooks: NodeAgentHooks) async throws {
        if store.withLock({ $0.journal }) == nil {
            log.info("this node is new to the journal", metadata: ["journal": "\(journal)"])
        } else {
            log.warning("this node is not on the journal's chain: its caches are emptied", metadata: ["journal": "\(journal)"])
        }
        lease.update { $0.surrender() }
        await hooks.barrier()
        try await hooks.emptyCaches()
        try await onDisk { (log) throws(NodeAgentError) in try log.reset(to: journal) }
        rules.restart(RuleTable(journal: journal))
    }

    private func leave(_ hooks: NodeAgentHooks) async {
        lease.update { $0.surrender() }
        await hooks.barrier()
        // In a task of its own, since this one is cancelled; if nobody answers, the grant runs out by itself.
        let farewell = request(leaves: true)
        _ = try? await Task { [link] in try await link.follow(farewell) }.value
    }

    private func onDisk(
        _ work: @escaping @Sendable (inout RuleLog) throws(NodeAgentError) -> Void
    ) async throws(NodeAgentError) {
        let result: Result<Void, NodeAgentError> = await withCheckedContinuation { continuation in
            disk.async { [self] in
                continuation.resume(
                    returning: store.withLock { log in
                        do throws(NodeAgentError) { return .success(try work(&log)) } catch { return .failure(error) }
                    })
            }
        }
        try result.get()
    }

    /// Says once what is wrong, not at every try.
    private func report(_ error: any Error, _ following: inout Following) {
        let text = "\(error)"
        guard text != following.lastReported else { return }
        following.lastReported = text
        log.warning("the journal can't be followed", metadata: ["error": "\(text)"])
    }
}
