import CacheProtocol
import Journal

/// A node as the desk sees it: what it sends, and what it has applied.
struct Follower {
    let desk: CommandDesk
    let node: NodeIdentity
    let incarnation: Incarnation
    var table: RuleTable
    private var joins = true

    init(_ desk: CommandDesk, name: String, life: UInt32 = 1, table: RuleTable? = nil) {
        self.desk = desk
        node = NodeIdentity(name: name, folder: UInt64(name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) }), role: .edge)
        incarnation = Incarnation(life: life)
        self.table = table ?? RuleTable(journal: desk.journalID)
    }

    func request(
        joins: Bool = false, leaves: Bool = false, wantsGrant: Bool = false, patience: UInt64 = 0
    ) -> FollowRequest {
        FollowRequest(
            node: node, incarnation: incarnation, joins: joins, leaves: leaves, journal: desk.journalID,
            applied: table.applied, chain: table.chain, wantsGrant: wantsGrant, patience: patience)
    }

    /// Asks, applies what comes; the next request acknowledges it.
    @discardableResult
    mutating func follow(wantsGrant: Bool = false, patience: UInt64 = 0) async throws -> FollowAnswer {
        let answer = try await desk.follow(request(joins: joins, wantsGrant: wantsGrant, patience: patience))
        joins = false
        if case .entries(let entries, _) = answer { for entry in entries { try table.apply(entry) } }
        return answer
    }
}
