internal import CacheProtocol
internal import SQLStore

extension JournalTables {
    /// Through which revision entries are folded.
    static func folded(_ connection: any SQLConnection) throws -> Revision {
        Revision(rawValue: try connection.row("SELECT revision FROM snapshot")?.count(0) ?? 0)
    }

    static func snapshot(_ connection: any SQLConnection) throws -> RuleSnapshot? {
        try connection.row("SELECT rules FROM snapshot").map { row in
            try decode(RuleSnapshot.self, row.bytes(0), "the snapshot")
        }
    }

    /// The snapshot through `revision`. It only reads: what it reads is never changed while nobody else folds.
    static func fold(
        through revision: Revision, of id: JournalID, ruleLimit: Int, _ connection: any SQLConnection
    ) throws -> RuleSnapshot {
        guard try head(connection).revision >= revision else { throw JournalError.unfinished(revision) }
        var table = try snapshot(connection)?.table ?? RuleTable(journal: id)
        while table.applied < revision {
            let left = revision.rawValue - table.applied.rawValue
            for entry in try entries(after: table.applied, limit: Int(clamping: min(left, 1_000)), connection) {
                do throws(ApplyError) { try table.apply(entry) } catch {
                    throw JournalError.damaged("\(error)")
                }
                // After each, so that it does not depend on the steps in which it is folded.
                if let floor = table.floorNeeded(limit: ruleLimit) { table.raiseFloor(to: floor) }
            }
        }
        return RuleSnapshot(journal: id, table: table).fitting(maxSnapshotBytes)
    }

    /// Puts a snapshot in the place of the one before. The entries that it folds are emptied afterwards.
    static func adopt(_ snapshot: RuleSnapshot, _ connection: any SQLConnection) throws {
        guard try snapshot.revision > folded(connection) else { return }
        let pending = try connection.row(
            "SELECT revision FROM entries WHERE is_pending = 1 AND revision <= $1 ORDER BY revision LIMIT 1",
            [.bits(snapshot.revision.rawValue)])
        if let pending { throw JournalError.unfinished(Revision(rawValue: try pending.count(0))) }
        let values: [SQLValue] = [.bits(snapshot.revision.rawValue), .bytes(snapshot.wireBytes)]
        if try connection.execute("UPDATE snapshot SET revision = $1, rules = $2", values) == 0 {
            try connection.execute("INSERT INTO snapshot (only_row, revision, emptied, rules) VALUES (1, $1, 0, $2)", values)
        }
    }

    /// Empties at most `limit` of the entries that are folded.
    /// - Returns: whether there may be more.
    static func empty(limit: Int, _ connection: any SQLConnection) throws -> Bool {
        guard let row = try connection.row("SELECT revision, emptied FROM snapshot\(connection.dialect.forUpdate)") else {
            return false
        }
        let (folded, emptied): (Int64, Int64) = try (row.integer(0), row.integer(1))
        guard emptied < folded else { return false }
        let through = min(folded, emptied + Int64(limit))
        let range = Revision(rawValue: UInt64(emptied + 1))...Revision(rawValue: UInt64(through))
        for record in try records(of: range, connection) where !record.entry.command.kind.isAudited {
            try connection.execute(
                "UPDATE entries SET command = $2, is_folded = 1 WHERE revision = $1",
                [.bits(record.entry.revision.rawValue), .bytes(record.entry.command.emptied.wireBytes)])
        }
        try connection.execute(
            """
            UPDATE completions SET outcomes = $3 WHERE revision BETWEEN $1 AND $2
            AND revision IN (SELECT revision FROM entries WHERE revision BETWEEN $1 AND $2 AND is_folded = 1)
            """, bounds(range) + [.bytes([0])])
        try connection.execute("UPDATE snapshot SET emptied = $1", [.integer(through)])
        return through < folded
    }

    /// A follow answer holds more than the snapshot, and must fit a frame.
    static let maxSnapshotBytes = Frame.maxPayload / 2
}

extension RuleSnapshot {
    /// With its floor as high as it must be for the snapshot to take no more than `limit` bytes. Tombstones stay, whatever
    /// they take.
    func fitting(_ limit: Int) -> RuleSnapshot {
        var snapshot = self
        var rules = table.ruleCount - table.tombstoneCount
        while snapshot.wireBytes.count > limit, rules > 0 {
            rules /= 2
            if let floor = snapshot.table.floorNeeded(limit: rules) { snapshot.table.raiseFloor(to: floor) }
        }
        return snapshot
    }
}

extension CommandKind {
    /// Kept whole for good.
    var isAudited: Bool {
        switch self {
        case .hardPurge, .softPurge: false
        case .erase, .lift, .configure, .forget, .declareDead: true
        }
    }
}

extension Command {
    /// What is left of it once it is folded.
    var emptied: Command {
        let scope: CommandScope =
            switch scope {
            case .url: .url([])
            case .source: .source([])
            case .prefix: .prefix([])
            case .tag: .tag("")
            case .site: .site("")
            case .all: .all
            case .configuration: .configuration(ConfigurationChange(document: ""))
            case .node: .node(0)
            }
        return Command(kind: kind, scope: scope, label: "")
    }
}
