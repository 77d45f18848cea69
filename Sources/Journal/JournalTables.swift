internal import CacheProtocol
internal import SQLStore

/// The journal's tables and every statement over them; the same for each database.
///
/// Invariants
/// 1. `journal` has one row; it names the journal and its head. An append reads it first, and changing it is the last
///    statement of its transaction, so that commits happen in the order of revisions.
/// 2. A grant reads that row under a share lock: it is before or after an append, never beside it.
/// 3. `members` names the last incarnation of each data folder; a grant is written to no other.
/// 4. Entries above `snapshot.revision` are whole. The others are whole until they are emptied, some time later.
enum JournalTables {
    /// Notes that the origin of this data folder begins another life.
    /// - Parameters:
    ///   - witness: what was given, by what lies beside the journal.
    ///   - longest: what a lease may have lasted, for all that is known beside that: milliseconds.
    /// - Returns: how long leases may last that this journal knows nothing of: milliseconds; nil where it is the one that the
    ///   life before had and knows them all. That it does not is remembered until `leasesAreKnown`.
    static func start(
        folder: UInt64, life: UInt64, witness: LeaseWitness.Testimony, longest: UInt64, _ connection: any SQLConnection
    ) throws -> UInt64? {
        let isKnown: Bool
        if let known = try connection.row("SELECT folder, life FROM origin_start\(connection.dialect.forUpdate)") {
            isKnown = try known.bits(0) == folder && known.bits(1) == life - 1
            try connection.execute("UPDATE origin_start SET folder = $1, life = $2", [.bits(folder), .bits(life)])
        } else {
            try connection.execute(
                "INSERT INTO origin_start (only_row, folder, life) VALUES (1, $1, $2)", [.bits(folder), .bits(life)])
            // A folder that was used before has had a journal.
            isKnown = try life == 1 && head(connection).revision == .zero
        }
        guard let row = try connection.row("SELECT given, unknown FROM leases_given\(connection.dialect.forUpdate)") else {
            throw JournalError.damaged("it does not say how many leases were given")
        }
        let (given, before) = (try row.bits(0), try row.bits(1))
        // A backup of within the life before differs in nothing but the leases that were given since.
        let isRestored = !isKnown || witness.given > given
        let unknown = isRestored ? max(before, witness.longest, longest) : before
        try connection.execute(
            "UPDATE leases_given SET given = $1, unknown = $2", [.bits(max(given, witness.given)), .bits(unknown)])
        return unknown > 0 ? unknown : nil
    }

    static func leasesAreKnown(_ connection: any SQLConnection) throws {
        try connection.execute("UPDATE leases_given SET unknown = 0", [])
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

    /// Finds the kind of entries that were written before there was a column for it.
    /// - Returns: whether there may be more of them.
    static func classify(limit: Int, _ connection: any SQLConnection) throws -> Bool {
        let rows = try connection.rows(
            "SELECT \(entryColumns) FROM entries WHERE kind = 0 ORDER BY revision LIMIT $1", [.integer(Int64(limit))])
        for row in rows {
            let entry = try entry(row)
            try connection.execute(
                "UPDATE entries SET kind = $2 WHERE revision = $1",
                [.bits(entry.revision.rawValue), .integer(Int64(entry.command.kind.rawValue))])
        }
        return rows.count == limit
    }

    static func append(
        _ commands: [Command], issuedBy: String, at: Int64, _ connection: any SQLConnection
    ) throws -> [JournalEntry] {
        var head = try head(connection, lock: connection.dialect.forUpdate)
        var entries: [JournalEntry] = []
        for command in commands {
            let entry = JournalEntry(
                revision: head.revision.next, command: command, issuedAt: at, issuedBy: issuedBy, following: head.chain)
            try insert(entry, connection)
            if let expulsion = StoredMember.Expulsion(entry), case .node(let folder) = command.scope {
                try expel(folder, expulsion, connection)
            }
            entries.append(entry)
            head = JournalHead(revision: entry.revision, chain: entry.chain)
        }
        try connection.execute(
            "UPDATE journal SET head = $1, chain = $2", [.bits(head.revision.rawValue), .bytes(head.chain.bytes)])
        return entries
    }

    private static func insert(_ entry: JournalEntry, _ connection: any SQLConnection) throws {
        try connection.execute(
            """
            INSERT INTO entries (revision, command, issued_at, issued_by, chain, is_pending, kind)
            VALUES ($1, $2, $3, $4, $5, 1, $6)
            """,
            [
                .bits(entry.revision.rawValue), .bytes(entry.command.wireBytes), .integer(entry.issuedAt),
                .text(entry.issuedBy), .bytes(entry.chain.bytes), .integer(Int64(entry.command.kind.rawValue)),
            ])
    }

    static func entries(
        after revision: Revision, limit: Int, _ connection: any SQLConnection
    ) throws -> [JournalEntry] {
        guard let after = Int64(exactly: revision.rawValue) else { return [] }
        guard try revision >= folded(connection) else { throw JournalError.folded }
        return try connection.rows(
            "SELECT \(entryColumns) FROM entries WHERE revision > $1 ORDER BY revision LIMIT $2",
            [.integer(after), .integer(Int64(limit))]
        ).map(entry)
    }

    static func entries(
        of kinds: [CommandKind], after revision: Revision, limit: Int, _ connection: any SQLConnection
    ) throws -> [JournalEntry] {
        guard let after = Int64(exactly: revision.rawValue), !kinds.isEmpty else { return [] }
        let list = kinds.map { String($0.rawValue) }.joined(separator: ", ")
        return try connection.rows(
            """
            SELECT \(entryColumns) FROM entries WHERE kind >= 3 AND kind IN (\(list)) AND revision > $1
            ORDER BY revision LIMIT $2
            """, [.integer(after), .integer(Int64(limit))]
        ).map(entry)
    }

    static func records(
        of revisions: ClosedRange<Revision>, _ connection: any SQLConnection
    ) throws -> [JournalRecord] {
        try connection.rows(
            """
            SELECT \(entryColumns), is_folded, removed_at FROM entries WHERE revision BETWEEN $1 AND $2
            ORDER BY revision
            """, bounds(revisions)
        ).map { row in
            JournalRecord(
                entry: try entry(row), isFolded: try row.integer(5) != 0,
                removedAt: try row.isNull(6) ? nil : row.integer(6))
        }
    }

    static func pending(_ connection: any SQLConnection) throws -> [JournalEntry] {
        try connection.rows("SELECT \(entryColumns) FROM entries WHERE is_pending = 1 ORDER BY revision", []).map(entry)
    }

    static func completedConfiguration(_ connection: any SQLConnection) throws -> JournalEntry? {
        try connection.row(
            """
            SELECT \(entryColumns) FROM entries WHERE kind = 5 AND is_pending = 0 ORDER BY revision DESC LIMIT 1
            """
        ).map(entry)
    }

    static func unremoved(_ connection: any SQLConnection) throws -> [JournalEntry] {
        try connection.rows(
            "SELECT \(entryColumns) FROM entries WHERE kind = 3 AND removed_at IS NULL ORDER BY revision", []
        ).map(entry).filter { Erasure($0) != nil }
    }

    static func chain(at revision: Revision, of id: JournalID, _ connection: any SQLConnection) throws -> ChainDigest? {
        if revision == .zero { return .root(of: id) }
        guard let wanted = Int64(exactly: revision.rawValue) else { return nil }
        return try connection.row("SELECT chain FROM entries WHERE revision = $1", [.integer(wanted)]).map {
            try digest($0, 0)
        }
    }

    private static let entryColumns = "revision, command, issued_at, issued_by, chain"

    static func entry(_ row: SQLRow) throws -> JournalEntry {
        let revision = Revision(rawValue: try row.count(0))
        return JournalEntry(
            revision: revision, command: try decode(Command.self, row.bytes(1), "the command of revision \(revision)"),
            issuedAt: try row.integer(2), issuedBy: try row.text(3), chain: try digest(row, 4))
    }

    static func bounds(_ revisions: ClosedRange<Revision>) -> [SQLValue] {
        [
            .integer(Int64(clamping: revisions.lowerBound.rawValue)),
            .integer(Int64(clamping: revisions.upperBound.rawValue)),
        ]
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
