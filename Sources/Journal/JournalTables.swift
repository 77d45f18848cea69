internal import CacheProtocol
internal import SQLStore

/// The journal's tables and every statement over them; the same for each database.
///
/// Invariants
/// 1. `journal` has one row; it names the journal and its head. An append reads it first, and changing it is the last
///    statement of its transaction, so that commits happen in the order of revisions.
/// 2. A grant reads that row under a share lock: it is before or after an append, never beside it.
/// 3. `members` names the last incarnation of each data folder; a grant is written to no other.
enum JournalTables {
    static let migrations = [
        SQLMigration(
            "journal-1",
            [
                """
                CREATE TABLE journal (
                    only_row BIGINT PRIMARY KEY NOT NULL CHECK (only_row = 1),
                    id BYTEA NOT NULL, head BIGINT NOT NULL, chain BYTEA NOT NULL)
                """,
                """
                CREATE TABLE entries (
                    revision BIGINT PRIMARY KEY NOT NULL, command BYTEA NOT NULL, issued_at BIGINT NOT NULL,
                    issued_by TEXT NOT NULL, chain BYTEA NOT NULL, is_pending BIGINT NOT NULL)
                """,
                "CREATE INDEX pending_entries ON entries (revision) WHERE is_pending = 1",
                """
                CREATE TABLE members (
                    folder BIGINT PRIMARY KEY NOT NULL, name TEXT NOT NULL, role BIGINT NOT NULL,
                    incarnation BIGINT NOT NULL, has_left BIGINT NOT NULL)
                """,
                """
                CREATE TABLE grants (
                    serial BIGINT PRIMARY KEY NOT NULL, folder BIGINT NOT NULL REFERENCES members (folder),
                    incarnation BIGINT NOT NULL, head BIGINT NOT NULL, duration BIGINT NOT NULL)
                """,
                """
                CREATE TABLE completions (
                    revision BIGINT PRIMARY KEY NOT NULL REFERENCES entries (revision),
                    completed_at BIGINT NOT NULL, outcomes BYTEA NOT NULL)
                """,
            ]),
        SQLMigration(
            "journal-2",
            [
                """
                CREATE TABLE origin_start (
                    only_row BIGINT PRIMARY KEY NOT NULL CHECK (only_row = 1),
                    folder BIGINT NOT NULL, life BIGINT NOT NULL)
                """
            ]),
    ]

    /// Notes that the origin of this data folder begins another life.
    /// - Returns: whether this journal was there for the life before it. If not, it is an older copy, or a stranger's, and
    ///   may know nothing of leases that are in force.
    static func start(folder: UInt64, life: UInt64, _ connection: any SQLConnection) throws -> Bool {
        let known = try connection.row("SELECT folder, life FROM origin_start\(connection.dialect.forUpdate)")
        guard let known else {
            try connection.execute(
                "INSERT INTO origin_start (only_row, folder, life) VALUES (1, $1, $2)", [.bits(folder), .bits(life)])
            return try head(connection).revision == .zero
        }
        let isNext = try known.bits(0) == folder && known.bits(1) == life - 1
        try connection.execute("UPDATE origin_start SET folder = $1, life = $2", [.bits(folder), .bits(life)])
        return isNext
    }

    /// - Returns: the journal's id; drawn now when the database is new.
    static func identify(_ connection: any SQLConnection) throws -> JournalID {
        if let row = try connection.row("SELECT id FROM journal\(connection.dialect.forUpdate)") {
            return try decode(JournalID.self, row.bytes(0), "the journal's id")
        }
        let id = JournalID.random()
        try connection.execute(
            "INSERT INTO journal (only_row, id, head, chain) VALUES (1, $1, 0, $2)",
            [.bytes(id.wireBytes), .bytes(ChainDigest.root(of: id).bytes)])
        return id
    }

    static func head(_ connection: any SQLConnection, lock: String = "") throws -> JournalHead {
        guard let row = try connection.row("SELECT head, chain FROM journal\(lock)") else {
            throw JournalError.damaged("it has no head")
        }
        return JournalHead(revision: Revision(rawValue: try row.count(0)), chain: try digest(row, 1))
    }

    static func append(
        _ command: Command, issuedBy: String, at: Int64, _ connection: any SQLConnection
    ) throws -> JournalEntry {
        let head = try head(connection, lock: connection.dialect.forUpdate)
        let entry = JournalEntry(
            revision: head.revision.next, command: command, issuedAt: at, issuedBy: issuedBy, following: head.chain)
        try connection.execute(
            """
            INSERT INTO entries (revision, command, issued_at, issued_by, chain, is_pending)
            VALUES ($1, $2, $3, $4, $5, 1)
            """,
            [
                .bits(entry.revision.rawValue), .bytes(command.wireBytes), .integer(at), .text(issuedBy),
                .bytes(entry.chain.bytes),
            ])
        try connection.execute(
            "UPDATE journal SET head = $1, chain = $2", [.bits(entry.revision.rawValue), .bytes(entry.chain.bytes)])
        return entry
    }

    static func entries(
        after revision: Revision, limit: Int, _ connection: any SQLConnection
    ) throws -> [JournalEntry] {
        guard let after = Int64(exactly: revision.rawValue) else { return [] }
        return try connection.rows(
            "SELECT \(entryColumns) FROM entries WHERE revision > $1 ORDER BY revision LIMIT $2",
            [.integer(after), .integer(Int64(limit))]
        ).map(entry)
    }

    static func pending(_ connection: any SQLConnection) throws -> [JournalEntry] {
        try connection.rows("SELECT \(entryColumns) FROM entries WHERE is_pending = 1 ORDER BY revision", []).map(entry)
    }

    static func chain(at revision: Revision, of id: JournalID, _ connection: any SQLConnection) throws -> ChainDigest? {
        if revision == .zero { return .root(of: id) }
        guard let wanted = Int64(exactly: revision.rawValue) else { return nil }
        return try connection.row("SELECT chain FROM entries WHERE revision = $1", [.integer(wanted)]).map {
            try digest($0, 0)
        }
    }

    private static let entryColumns = "revision, command, issued_at, issued_by, chain"

    private static func entry(_ row: SQLRow) throws -> JournalEntry {
        let revision = Revision(rawValue: try row.count(0))
        return JournalEntry(
            revision: revision, command: try decode(Command.self, row.bytes(1), "the command of revision \(revision)"),
            issuedAt: try row.integer(2), issuedBy: try row.text(3), chain: try digest(row, 4))
    }

    static func digest(_ row: SQLRow, _ column: Int) throws -> ChainDigest {
        guard let digest = ChainDigest(exactly: try row.bytes(column)) else {
            throw JournalError.damaged("a chain digest has not 32 bytes")
        }
        return digest
    }

    static func decode<Value: WireCodable>(_: Value.Type, _ bytes: [UInt8], _ what: String) throws -> Value {
        do throws(WireError) { return try Value(wireBytes: bytes) } catch { throw JournalError.wire(error, in: what) }
    }
}
