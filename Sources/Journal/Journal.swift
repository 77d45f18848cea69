public import CacheProtocol

/// The ordered, durable log of what the cluster was ordered to do, and of who may answer (DESIGN §4, rules 1 to 4).
///
/// What every implementation keeps
/// 1. Revisions are gapless from 1, and their order is the order of commits.
/// 2. The chain's digest at revision r is a function of the journal's id and the entries up to r.
/// 3. A grant names the head that stood when it was committed: whoever reads the grants after r is committed finds all
///    that name a head below r.
/// 4. A completion is written once and never changed.
///
/// Errors: `JournalError` for what callers decide on, the database's own otherwise.
public protocol Journal: Sendable {
    var id: JournalID { get }

    func head() async throws -> JournalHead
    /// Durable before it returns.
    /// - Parameter at: milliseconds since 1970, for people.
    func append(_ command: Command, issuedBy: String, at: Int64) async throws -> JournalEntry
    /// In order, at most `limit`; empty at the head.
    func entries(after: Revision, limit: Int) async throws -> [JournalEntry]
    /// The digest through `revision`; nil when the journal has not come so far.
    func chain(at revision: Revision) async throws -> ChainDigest?

    /// Makes `incarnation` the only one of its data folder: the others' grants end.
    /// - Returns: the incarnations that were ended.
    /// - Throws: `JournalError.superseded` when a later life of the folder has joined.
    func endOthers(than incarnation: Incarnation, of node: NodeIdentity) async throws -> [Incarnation]
    /// The process has said that it answers nothing any more, or the operator has said it is dead.
    func end(_ incarnation: Incarnation) async throws
    /// Every data folder that ever joined, with its last incarnation.
    func members() async throws -> [StoredMember]

    /// Durable before it returns; names the head that stood at the commit.
    /// - Parameter duration: milliseconds.
    /// - Throws: `JournalError.superseded` when the incarnation was ended.
    func grant(_ duration: UInt64, to node: NodeIdentity, _ incarnation: Incarnation) async throws -> Grant
    /// All that may still be in force.
    func grants() async throws -> [StoredGrant]
    /// Drops grants that have run out by the caller's reckoning.
    func forget(_ grants: [StoredGrant.Serial]) async throws

    /// A revision that has a completion keeps it. Outlives the end of this process at once, a power cut a second later:
    /// a lost one is found anew, because the nodes acknowledge again.
    func complete(_ completions: [Completion]) async throws
    /// In order of revision.
    func completions(of revisions: ClosedRange<Revision>) async throws -> [Completion]
    /// Entries without a completion, in order.
    func pending() async throws -> [JournalEntry]
}

extension Journal {
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

public struct StoredGrant: Hashable, Sendable {
    /// Drawn at random: a renewal is a grant of its own.
    public typealias Serial = UInt64

    public var serial: Serial
    public var node: NodeIdentity
    public var incarnation: Incarnation
    public var grant: Grant

    public init(serial: Serial, node: NodeIdentity, incarnation: Incarnation, grant: Grant) {
        self.serial = serial
        self.node = node
        self.incarnation = incarnation
        self.grant = grant
    }
}

public struct StoredMember: Hashable, Sendable {
    public var node: NodeIdentity
    /// The latest life of its folder.
    public var incarnation: Incarnation
    /// That life has ended and no new one has joined.
    public var hasLeft: Bool

    public init(node: NodeIdentity, incarnation: Incarnation, hasLeft: Bool) {
        self.node = node
        self.incarnation = incarnation
        self.hasLeft = hasLeft
    }
}
