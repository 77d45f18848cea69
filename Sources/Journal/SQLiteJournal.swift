public import CacheProtocol
public import SQLStore

/// The journal of a cluster with one origin, in that origin's data folder. The folder is locked by its process, so
/// nobody else writes here.
public final class SQLiteJournal: Journal {
    public let id: JournalID
    private let database: any SQLDatabase

    /// Opens the journal in `configuration.path`, and makes one with a new identity when there is none.
    public convenience init(_ configuration: SQLiteConfiguration) async throws {
        try await self.init(SQLiteDatabase(configuration))
    }

    /// Adds the journal's tables to a database that other stores may share.
    public init(_ database: any SQLDatabase) async throws {
        try await database.migrate(JournalTables.migrations)
        self.database = database
        id = try await database.write(.synced) { try JournalTables.identify($0) }
    }

    /// Notes that the origin of the data folder `folder` begins its life number `life`. To be called once, before a desk.
    /// - Returns: whether the journal is the one that the folder's life before had. False after a restore from a backup.
    public func start(folder: UInt64, life: UInt64) async throws -> Bool {
        try await database.write(.synced) { try JournalTables.start(folder: folder, life: life, $0) }
    }

    public func head() async throws -> JournalHead {
        try await database.read { try JournalTables.head($0) }
    }

    public func append(_ command: Command, issuedBy: String, at: Int64) async throws -> JournalEntry {
        try await database.write(.synced) { try JournalTables.append(command, issuedBy: issuedBy, at: at, $0) }
    }

    public func entries(after revision: Revision, limit: Int) async throws -> [JournalEntry] {
        try await database.read { try JournalTables.entries(after: revision, limit: limit, $0) }
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

    public func members() async throws -> [StoredMember] {
        try await database.read { try JournalTables.members($0) }
    }

    public func grant(_ duration: UInt64, to node: NodeIdentity, _ incarnation: Incarnation) async throws -> Grant {
        try await database.write(.synced) { try JournalTables.grant(duration, to: node, incarnation, $0) }
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

    /// Ends after what is under way, synced.
    public func close() async throws {
        try await database.close()
    }
}
