internal import CacheProtocol
internal import SQLStore

extension JournalTables {
    static func endOthers(
        than incarnation: Incarnation, of node: NodeIdentity, _ connection: any SQLConnection
    ) throws -> [Incarnation] {
        guard let known = try member(node.folder, connection, lock: connection.dialect.forUpdate) else {
            try connection.execute(
                """
                INSERT INTO members (folder, name, role, incarnation, has_left, joined_at) VALUES ($1, $2, $3, $4, 0, $5)
                """,
                [
                    .bits(node.folder), .text(node.name), .integer(Int64(node.role.rawValue)),
                    .bits(incarnation.rawValue),
                    .bits(try head(connection, lock: connection.dialect.forShare).revision.rawValue),
                ])
            return []
        }
        if known.incarnation == incarnation {
            guard !known.hasLeft else { throw JournalError.superseded }
            return []
        }
        guard incarnation.maySucceed(known.incarnation) else { throw JournalError.superseded }
        try connection.execute("DELETE FROM grants WHERE folder = $1", [.bits(node.folder)])
        try connection.execute(
            "UPDATE members SET name = $2, role = $3, incarnation = $4, has_left = 0 WHERE folder = $1",
            [.bits(node.folder), .text(node.name), .integer(Int64(node.role.rawValue)), .bits(incarnation.rawValue)])
        return [known.incarnation]
    }

    static func end(_ incarnation: Incarnation, _ connection: any SQLConnection) throws {
        try connection.execute("DELETE FROM grants WHERE incarnation = $1", [.bits(incarnation.rawValue)])
        try connection.execute("UPDATE members SET has_left = 1 WHERE incarnation = $1", [.bits(incarnation.rawValue)])
    }

    static func expel(
        _ folder: UInt64, _ expulsion: StoredMember.Expulsion, _ connection: any SQLConnection
    ) throws {
        let isDead = expulsion.kind == .declaredDead
        try connection.execute(
            "UPDATE members SET expelled_by = $2, expelled_at = $3 WHERE folder = $1",
            [.bits(folder), .integer(isDead ? 7 : 6), .bits(expulsion.revision.rawValue)])
        guard isDead else { return }
        try connection.execute("DELETE FROM grants WHERE folder = $1", [.bits(folder)])
        try connection.execute("UPDATE members SET has_left = 1 WHERE folder = $1", [.bits(folder)])
    }

    static func readmit(_ folder: UInt64, at applied: Revision, _ connection: any SQLConnection) throws {
        try connection.execute(
            """
            UPDATE members SET accountable_from = $2
            WHERE folder = $1 AND expelled_at <= $2 AND accountable_from < expelled_at
            """, [.bits(folder), .bits(applied.rawValue)])
    }

    static func grant(
        _ duration: UInt64, to node: NodeIdentity, _ incarnation: Incarnation, _ connection: any SQLConnection
    ) throws -> (grant: Grant, given: UInt64) {
        let grant = Grant(
            head: try head(connection, lock: connection.dialect.forShare).revision, duration: duration)
        if let known = try member(node.folder, connection, lock: connection.dialect.forShare) {
            guard known.incarnation == incarnation, !known.hasLeft else { throw JournalError.superseded }
        } else {
            _ = try endOthers(than: incarnation, of: node, connection)
        }
        try connection.execute(
            "INSERT INTO grants (serial, folder, incarnation, head, duration) VALUES ($1, $2, $3, $4, $5)",
            [
                .bits(.random(in: .min ... .max)), .bits(node.folder), .bits(incarnation.rawValue),
                .bits(grant.head.rawValue), .bits(duration),
            ])
        try connection.execute("UPDATE leases_given SET given = given + 1", [])
        guard let row = try connection.row("SELECT given FROM leases_given") else {
            throw JournalError.damaged("it does not say how many leases were given")
        }
        return (grant, try row.bits(0))
    }

    static func grants(_ connection: any SQLConnection) throws -> [StoredGrant] {
        try connection.rows(
            """
            SELECT members.folder, members.name, members.role, grants.incarnation, serial, head, duration
            FROM grants JOIN members ON members.folder = grants.folder
            """, []
        ).map { row in
            StoredGrant(
                serial: try row.bits(4), node: try node(row), incarnation: Incarnation(rawValue: try row.bits(3)),
                grant: Grant(head: Revision(rawValue: try row.bits(5)), duration: try row.bits(6)))
        }
    }

    static func forget(_ serials: [StoredGrant.Serial], _ connection: any SQLConnection) throws {
        for serial in serials { try connection.execute("DELETE FROM grants WHERE serial = $1", [.bits(serial)]) }
    }

    static func members(_ connection: any SQLConnection) throws -> [StoredMember] {
        try connection.rows("SELECT \(memberColumns) FROM members ORDER BY name, folder", []).map(member)
    }

    private static func member(
        _ folder: UInt64, _ connection: any SQLConnection, lock: String
    ) throws -> StoredMember? {
        try connection.row("SELECT \(memberColumns) FROM members WHERE folder = $1\(lock)", [.bits(folder)]).map(member)
    }

    private static let memberColumns =
        "folder, name, role, incarnation, has_left, joined_at, accountable_from, expelled_by, expelled_at"

    private static func member(_ row: SQLRow) throws -> StoredMember {
        StoredMember(
            node: try node(row), incarnation: Incarnation(rawValue: try row.bits(3)), hasLeft: try row.integer(4) != 0,
            joinedAt: Revision(rawValue: try row.bits(5)), accountableFrom: Revision(rawValue: try row.bits(6)),
            expulsion: try expulsion(row))
    }

    private static func expulsion(_ row: SQLRow) throws -> StoredMember.Expulsion? {
        let revision = Revision(rawValue: try row.bits(8))
        switch try row.integer(7) {
        case 0: return nil
        case 6: return StoredMember.Expulsion(kind: .forgotten, revision: revision)
        case 7: return StoredMember.Expulsion(kind: .declaredDead, revision: revision)
        case let other: throw JournalError.damaged("a node was expelled by a command of kind \(other)")
        }
    }

    private static func node(_ row: SQLRow) throws -> NodeIdentity {
        guard let role = NodeRole(rawValue: try row.count(2)) else { throw JournalError.damaged("a node has no role") }
        return NodeIdentity(name: try row.text(1), folder: try row.bits(0), role: role)
    }
}
