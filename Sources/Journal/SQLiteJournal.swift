public import CacheProtocol
public import SQLStore

/// The journal of a cluster with one origin, in that origin's data folder. The folder is locked by its process, so
/// nobody else writes here.
public final class SQLiteJournal: Journal {
    public let id: JournalID
    private let database: any SQLDatabase
    private let witness: LeaseWitness

    /// Opens the journal in `configuration.path`, and makes one with a new identity when there is none. Beside it lies
    /// `…-leases`, which must not be restored from a backup with it: it tells that it was.
    public convenience init(_ configuration: SQLiteConfiguration) async throws {
        try await self.init(SQLiteDatabase(configuration), witnessPath: configuration.path + "-leases")
    }

    /// Adds the journal's tables to a database that other stores may share.
    /// - Parameter witnessPath: a file on this machine's own disk, where leases are counted once more.
    public init(_ database: any SQLDatabase, witnessPath: String) async throws {
        try await database.migrate(JournalTables.migrations)
        self.database = database
        witness = LeaseWitness(path: witnessPath)
        id = try await database.write(.synced) { try JournalTables.identify($0) }
        while try await database.write(.flushed, { try JournalTables.classify(limit: 1_000, $0) }) {}
    }

    /// Notes that the origin of the data folder `folder` begins its life number `life`. To be called once, before a desk.
    /// - Parameter longest: what a lease may have lasted at least, by this node's own settings: milliseconds.
    /// - Returns: how long leases may last that this journal knows nothing of, for the desk: milliseconds. Nil where it is the
    ///   one that the life before had. Not nil after a restore from a backup, and at every start until such leases have run
    ///   out (`leasesAreKnown`).
    public func start(folder: UInt64, life: UInt64, longest: UInt64) async throws -> UInt64? {
        let testimony = witness.testimony
        return try await database.write(.synced) {
            try JournalTables.start(folder: folder, life: life, witness: testimony, longest: longest, $0)
        }
    }

    public func leasesAreKnown() async throws {
        try await database.write(.flushed) { try JournalTables.leasesAreKnown($0) }
    }

    public func head() async throws -> JournalHead {
        try await database.read { try JournalTables.head($0) }
    }

    public func append(_ commands: [Command], issuedBy: String, at: Int64) async throws -> [JournalEntry] {
        guard !commands.isEmpty else { return [] }
        return try await database.write(.synced) { try JournalTables.append(commands, issuedBy: issuedBy, at: at, $0) }
    }

    public func entries(after revision: Revision, limit: Int) async throws -> [JournalEntry] {
        try await database.read { try JournalTables.entries(after: revision, limit: limit, $0) }
    }

    public func entries(of kinds: [CommandKind], after revision: Revision, limit: Int) async throws -> [JournalEntry] {
        try await database.read { try JournalTables.entries(of: kinds, after: revision, limit: limit, $0) }
    }

    public func records(of revisions: ClosedRange<Revision>) async throws -> [JournalRecord] {
        try await database.read { try JournalTables.records(of: revisions, $0) }
    }

    public func chain(at revision: Revision) async throws -> ChainDigest? {
        try await database.read { [id] in try JournalTables.chain(at: revision, of: id, $0) }
    }

    /// Flushed only: were it undone by a power cut, a command would wait for a process that is gone.
    public func endOthers(than incarnation: Incarnation, of node: NodeIdentity) async throws -> [Incarnation] {
        try await database.write(.flushed) { try JournalTables.endOthers(than: incarnation, of: node, $0) }
    }

    public func end(_ incarnation: Incarnation) async throws {
        try await database.write(.flushed) { try JournalTables.end(incarnation, $0) }
    }

    /// Flushed only: undone by a power cut, it is found anew with the folder's next request.
    public func readmit(_ folder: UInt64, at applied: Revision) async throws {
        try await database.write(.flushed) { try JournalTables.readmit(folder, at: applied, $0) }
    }

    public func members() async throws -> [StoredMember] {
        try await database.read { try JournalTables.members($0) }
    }

    public func grant(_ duration: UInt64, to node: NodeIdentity, _ incarnation: Incarnation) async throws -> Grant {
        let (grant, given) = try await database.write(.synced) {
            try JournalTables.grant(duration, to: node, incarnation, $0)
        }
        try witness.note(given: given, duration: duration)
        return grant
    }

    public func grants() async throws -> [StoredGrant] {
        try await database.read { try JournalTables.grants($0) }
    }

    public func forget(_ grants: [StoredGrant.Serial]) async throws {
        try await database.write(.flushed) { try JournalTables.forget(grants, $0) }
    }

    public func complete(_ completions: [Completion]) async throws {
        try await database.write(.flushed) { try JournalTables.complete(completions, $0) }
    }

    public func completions(of revisions: ClosedRange<Revision>) async throws -> [Completion] {
        try await database.read { try JournalTables.completions(of: revisions, $0) }
    }

    public func pending() async throws -> [JournalEntry] {
        try await database.read { try JournalTables.pending($0) }
    }

    public func completedConfiguration() async throws -> JournalEntry? {
        try await database.read { try JournalTables.completedConfiguration($0) }
    }

    public func record(_ reports: [RemovalReport], of folder: UInt64) async throws {
        try await database.write(.synced) { try JournalTables.record(reports, of: folder, $0) }
    }

    public func removals(of revisions: ClosedRange<Revision>) async throws -> [StoredRemoval] {
        try await database.read { try JournalTables.removals(of: revisions, $0) }
    }

    /// Flushed only: undone by a power cut, it is found anew from the reports.
    public func markRemoved(_ revisions: [Revision], at: Int64) async throws {
        try await database.write(.flushed) { try JournalTables.markRemoved(revisions, at: at, $0) }
    }

    public func unremoved() async throws -> [JournalEntry] {
        try await database.read { try JournalTables.unremoved($0) }
    }

    public func snapshot() async throws -> RuleSnapshot? {
        try await database.read { try JournalTables.snapshot($0) }
    }

    /// Folds on a reader's thread and empties in small steps, so that appends are not held up.
    public func compact(through revision: Revision, ruleLimit: Int) async throws {
        if try await database.read({ try JournalTables.folded($0) }) < revision {
            let snapshot = try await database.read { [id] in
                try JournalTables.fold(through: revision, of: id, ruleLimit: ruleLimit, $0)
            }
            try await database.write(.synced) { try JournalTables.adopt(snapshot, $0) }
        }
        while try await database.write(.flushed, { try JournalTables.empty(limit: 500, $0) }) {
            try Task.checkCancellation()
        }
    }

    /// Ends after what is under way, synced.
    public func close() async throws {
        try await database.close()
    }
}
