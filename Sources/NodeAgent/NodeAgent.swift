public import CacheProtocol
internal import Dispatch
public import Logging
internal import Synchronization

/// A node's part of the protocol: it joins, holds the lease, follows the journal, applies, persists and acknowledges
/// (DESIGN §4). Requests ask `lease` and `rules`; nothing else of the agent is on their way.
///
/// Invariants
/// 1. What is acknowledged is synced to the disk, then applied in `rules`, then past the barrier: no request that looked up
///    before can still be answered from what it found. Every request of this node says what is acknowledged, and nothing
///    that is only on its way there. The disk comes first, so that memory never holds what a crash could take back.
/// 2. A node that is not on the chain gives up its lease before it empties its caches, and empties them before it forgets
///    the journal that it followed.
/// 3. A configuration is acknowledged, and a grant that came with it used, only once the node serves by it.
/// 4. The caches' floor is raised, durably, before a rule below it is dropped here or on the disk.
public final class NodeAgent: Sendable {
    public let rules: RuleBook
    public let lease = LeaseGate()
    public let incarnation: Incarnation

    let configuration: NodeAgentConfiguration
    let identity: NodeIdentity
    let link: any JournalLink
    let log: Logger
    let store: Mutex<NodeFiles>
    private let acknowledged: Mutex<Position>
    private let disk = DispatchQueue(label: "vignette.rule-log")
    let waiters = AppliedWaiters()
    let sweeps = CoalescedWork()
    let erasureBell = Bell()
    private let shortestLease = Atomic<UInt64>(.max)

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
        var table = try ruleLog.recover()
        let erasureLog = try ErasureLog(in: folder.path)
        if erasureLog == nil {
            log.error("the file of outstanding erases is damaged: this node starts over, which empties its caches")
        }
        if folder.isCopy {
            log.warning("the data folder was copied or moved: it is another member now, which begins with empty caches")
        }
        if erasureLog == nil || folder.isCopy {
            ruleLog.disown()
            table = nil
        }
        let applied = ruleLog.applied
        lease.update { $0.apply(through: applied) }
        // A node without a journal is told to start over by the first origin that answers; until then it has no lease.
        rules = RuleBook(table ?? RuleTable(journal: .random()))
        acknowledged = Mutex(Position(of: ruleLog))
        store = Mutex(NodeFiles(rules: ruleLog, erasures: erasureLog ?? ErasureLog(emptyIn: folder.path)))
    }

    /// Waits for a revision that somebody has named before this node applied it.
    /// - Returns: whether it was applied within `patience`.
    public func waitUntilApplied(_ revision: Revision, patience: Duration) async -> Bool {
        await waiters.wait(for: revision, in: rules, patience: patience)
    }

    /// Follows until the task is cancelled; then the node gives its lease back.
    /// - Throws: `superseded`. Everything else is logged and tried again.
    public func run(_ hooks: NodeAgentHooks) async throws(NodeAgentError) {
        let destroying = Task { await destroyErased(hooks) }
        let outcome: Result<Void, NodeAgentError>
        do throws(NodeAgentError) { outcome = .success(try await follow(hooks)) } catch { outcome = .failure(error) }
        // Nothing of this node touches its folder once this returns.
        destroying.cancel()
        await destroying.value
        try outcome.get()
        await leave(hooks)
    }

    private func follow(_ hooks: NodeAgentHooks) async throws(NodeAgentError) {
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
    }

    /// How far one run has come.
    struct Following {
        var joins = true
        /// The last configuration that the node was told to serve by.
        var configured = Revision.zero
        /// The one it serves by: an origin may have answered with a later one.
        var served = Revision.zero
        var renewAt = BootInstant(nanoseconds: 0)
        var pause: UInt64
        var lastReported = ""
    }

    /// One request and what follows from its answer.
    private func turn(_ following: inout Following, _ hooks: NodeAgentHooks) async throws {
        let sentAt = BootInstant.now()
        let wantsGrant = sentAt >= following.renewAt
        let patience = wantsGrant ? 0 : min(configuration.patience, following.renewAt.milliseconds(since: sentAt))
        let question = request(joins: following.joins, wantsGrant: wantsGrant, patience: patience)
        switch try await link.follow(question) {
        case .superseded:
            lease.update { $0.surrender() }
            throw NodeAgentError(
                .superseded, "A later process with the data folder of \(configuration.name) has joined; this one ends.")
        case .startOver(let journal):
            try await startOver(journal, hooks)
            // What it held is surrendered: it needs a grant of this journal now, not at the old one's third.
            following.renewAt = BootInstant(nanoseconds: 0)
            following.configured = .zero
        case .news(let news):
            following.joins = false
            try await take(news, &following, hooks)
            let applied = rules.applied
            lease.update { holder in
                holder.apply(through: applied)
                if let grant = news.grant { holder.receive(grant, requestedAt: sentAt) }
            }
            if let grant = news.grant { following.renewAt = sentAt.advanced(byMilliseconds: renewal(of: grant)) }
            try await onDisk { (files) throws(NodeAgentError) in try files.erasures.told(question.removals) }
            for asked in news.questions { answer(asked, hooks) }
        }
        if !following.lastReported.isEmpty {
            log.info("the cluster answers again")
            following.lastReported = ""
        }
    }

    /// A third of the shortest lease: of the grant's own length, unless the composition knows a shorter one.
    private func renewal(of grant: Grant) -> UInt64 {
        min(grant.duration, shortestLease.load(ordering: .relaxed)) / 3
    }

    /// Milliseconds: the shortest lease that this node answers by, as its configuration says. Grants are renewed every third
    /// of it.
    public func setShortestLease(_ milliseconds: UInt64) {
        shortestLease.store(milliseconds, ordering: .relaxed)
    }

    func request(
        joins: Bool = false, leaves: Bool = false, wantsGrant: Bool = false, patience: UInt64 = 0
    ) -> FollowRequest {
        let position = acknowledged.withLock { $0 }
        // An origin takes no report of what this request does not say is applied.
        let reports = store.withLock { files in
            Array(files.erasures.reports.filter { $0.revision <= position.applied }.prefix(Self.reportsAtOnce))
        }
        return FollowRequest(
            node: identity, incarnation: incarnation, joins: joins, leaves: leaves, journal: position.journal,
            applied: position.applied, chain: position.chain, wantsGrant: wantsGrant, removals: reports, patience: patience)
    }

    /// Where on which journal a node stands.
    private struct Position: Sendable {
        var journal: JournalID?
        var applied: Revision
        var chain: ChainDigest?

        init(of log: borrowing RuleLog) {
            (journal, applied, chain) = (log.journal, log.applied, log.chain)
        }
    }

    var acknowledgedRevision: Revision { acknowledged.withLock { $0.applied } }

    func acknowledge() {
        let position = store.withLock { Position(of: $0.rules) }
        acknowledged.withLock { $0 = position }
    }

    /// A request stays far below what an origin takes.
    private static let reportsAtOnce = 500

    private func leave(_ hooks: NodeAgentHooks) async {
        lease.update { $0.surrender() }
        await hooks.barrier()
        // In a task of its own, since this one is cancelled; if nobody answers, the grant runs out by itself.
        let farewell = request(leaves: true)
        _ = try? await Task { [link] in try await link.follow(farewell) }.value
    }

    func onDisk(
        _ work: @escaping @Sendable (inout NodeFiles) throws(NodeAgentError) -> Void
    ) async throws(NodeAgentError) {
        let result: Result<Void, NodeAgentError> = await withCheckedContinuation { continuation in
            disk.async { [self] in
                continuation.resume(
                    returning: store.withLock { files in
                        do throws(NodeAgentError) { return .success(try work(&files)) } catch { return .failure(error) }
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

/// What a node keeps on its disk of its part in the protocol.
struct NodeFiles: ~Copyable {
    var rules: RuleLog
    var erasures: ErasureLog
}
