public import CacheProtocol

/// The ordered, durable log of what the cluster was ordered to do, and of who may answer (DESIGN §4, rules 1 to 4).
///
/// What every implementation keeps
/// 1. Revisions are gapless from 1, and their order is the order of commits.
/// 2. The chain's digest at revision r is a function of the journal's id and the entries up to r; it is kept for every r.
/// 3. A grant names the head that stood when it was committed: whoever reads the grants after r is committed finds all
///    that name a head below r.
/// 4. A completion is written once and never changed; likewise the mark that an erase is removed.
/// 5. Erases, lifts, configurations and what was said about members are kept whole for good: they are the audit trail,
///    and receipts refer to them. Purges are kept until they are folded.
///
/// Errors: `JournalError` for what callers decide on, the database's own otherwise.
public protocol Journal: Sendable {
    var id: JournalID { get }

    // MARK: Entries

    func head() async throws -> JournalHead
    /// In one transaction, durable before it returns: all of them stand, one after another, or none.
    ///
    /// A command that expels a member says so of the member in the same transaction; `declareDead` ends its incarnation.
    /// - Parameter at: milliseconds since 1970, for people.
    func append(_ commands: [Command], issuedBy: String, at: Int64) async throws -> [JournalEntry]
    /// In order, at most `limit`; empty at the head.
    /// - Throws: `JournalError.folded` when `after` is below the snapshot.
    func entries(after: Revision, limit: Int) async throws -> [JournalEntry]
    /// Of these kinds, in order, at most `limit`: kinds that are kept whole, wherever the snapshot stands.
    func entries(of kinds: [CommandKind], after: Revision, limit: Int) async throws -> [JournalEntry]
    /// What is left of entries, in order, folded ones included.
    func records(of revisions: ClosedRange<Revision>) async throws -> [JournalRecord]
    /// The digest through `revision`; nil when the journal has not come so far.
    func chain(at revision: Revision) async throws -> ChainDigest?

    // MARK: Members

    /// Makes `incarnation` the only one of its data folder: the others' grants end.
    /// - Returns: the incarnations that were ended.
    /// - Throws: `JournalError.superseded` when a later life of the folder has joined.
    func endOthers(than incarnation: Incarnation, of node: NodeIdentity) async throws -> [Incarnation]
    /// The process has said that it answers nothing any more.
    func end(_ incarnation: Incarnation) async throws
    /// A folder that was expelled follows again, has applied that it was, and has therefore empty caches.
    func readmit(_ folder: UInt64, at applied: Revision) async throws
    /// Every data folder that ever joined, with its last incarnation.
    func members() async throws -> [StoredMember]

    // MARK: Grants

    /// Durable before it returns; names the head that stood at the commit.
    /// - Parameter duration: milliseconds.
    /// - Throws: `JournalError.superseded` when the incarnation was ended.
    func grant(_ duration: UInt64, to node: NodeIdentity, _ incarnation: Incarnation) async throws -> Grant
    /// All that may still be in force.
    func grants() async throws -> [StoredGrant]
    /// Every lease that the journal might not have known of has run out.
    func leasesAreKnown() async throws
    /// Drops grants that have run out by the caller's reckoning.
    func forget(_ grants: [StoredGrant.Serial]) async throws

    // MARK: Completed

    /// A revision that has a completion keeps it. Outlives the end of this process at once, a power cut a second later:
    /// a lost one is found anew, because the nodes acknowledge again.
    func complete(_ completions: [Completion]) async throws
    /// In order of revision.
    func completions(of revisions: ClosedRange<Revision>) async throws -> [Completion]
    /// Entries without a completion, in order.
    func pending() async throws -> [JournalEntry]
    /// The last configuration that has a completion.
    func completedConfiguration() async throws -> JournalEntry?

    // MARK: Removed

    /// Durable before it returns. The first report of a folder on an erase stays; one on anything else is passed over.
    func record(_ reports: [RemovalReport], of folder: UInt64) async throws
    /// In order of revision.
    func removals(of revisions: ClosedRange<Revision>) async throws -> [StoredRemoval]
    /// - Parameter at: milliseconds since 1970.
    func markRemoved(_ revisions: [Revision], at: Int64) async throws
    /// Erases of sources that have no such mark, in order.
    func unremoved() async throws -> [JournalEntry]

    // MARK: The snapshot

    /// The fold of all that is folded; nil when nothing is.
    func snapshot() async throws -> RuleSnapshot?
    /// Folds the entries through `revision` into the snapshot, and drops what they said; see invariant 5 for what stays.
    ///
    /// With more than `ruleLimit` marks, or when it would not fit a message, the snapshot's floor rises. It is the same
    /// for the same entries, in however many steps they were folded, unless its size raised the floor. Ended in the middle,
    /// by a crash or a cancellation, it is finished by the next call. Nothing happens when all that is folded already.
    /// - Throws: `JournalError.unfinished` when a command through `revision` is not completed, or there is no such
    ///   revision.
    func compact(through revision: Revision, ruleLimit: Int) async throws
}

extension Journal {
    public func append(_ command: Command, issuedBy: String, at: Int64) async throws -> JournalEntry {
        guard let entry = try await append([command], issuedBy: issuedBy, at: at).first else {
            throw JournalError.damaged("an append answered with no entry")
        }
        return entry
    }

    public func complete(_ revision: Revision, outcomes: [NodeOutcome], at: Int64) async throws {
        try await complete([Completion(revision: revision, completedAt: at, outcomes: outcomes)])
    }

    public func completion(of revision: Revision) async throws -> Completion? {
        try await completions(of: revision...revision).first
    }
}

public struct JournalHead: Hashable, Sendable {
    public var revision: Revision
    public var chain: ChainDigest

    public init(revision: Revision, chain: ChainDigest) {
        self.revision = revision
        self.chain = chain
    }
}
