import CacheProtocol
import Journal

/// A node as the desk sees it: what it sends, and what it has applied.
struct Follower {
    let desk: CommandDesk
    let node: NodeIdentity
    let incarnation: Incarnation
    var table: RuleTable
    /// What it has been told to destroy and has not reported.
    var outstanding: [Erasure] = []
    private var joins = true

    init(_ desk: CommandDesk, name: String, folder: UInt64? = nil, life: UInt32 = 1, table: RuleTable? = nil) {
        self.desk = desk
        let usual = UInt64(name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
        node = NodeIdentity(name: name, folder: folder ?? usual, role: .edge)
        incarnation = Incarnation(life: life)
        self.table = table ?? RuleTable(journal: desk.journalID)
    }

    func request(
        joins: Bool = false, leaves: Bool = false, wantsGrant: Bool = false, removals: [RemovalReport] = [],
        patience: UInt64 = 0
    ) -> FollowRequest {
        FollowRequest(
            node: node, incarnation: incarnation, joins: joins, leaves: leaves, journal: desk.journalID,
            applied: table.applied, chain: table.chain, wantsGrant: wantsGrant,
            removals: removals, patience: patience)
    }

    /// Asks, applies what comes; the next request acknowledges it.
    @discardableResult
    mutating func follow(
        wantsGrant: Bool = false, removals: [RemovalReport] = [], patience: UInt64 = 0
    ) async throws -> FollowAnswer {
        let answer = try await desk.follow(
            request(joins: joins, wantsGrant: wantsGrant, removals: removals, patience: patience))
        joins = false
        if case .news(let news) = answer {
            if let snapshot = news.snapshot { table = snapshot.table }
            for entry in news.entries { try table.apply(entry) }
            outstanding += news.erasures + news.entries.compactMap { Erasure($0) }
        }
        return answer
    }

    /// Its first request, where nothing more is asked of it.
    func joined(wantsGrant: Bool = false) async throws -> FollowAnswer {
        try await desk.follow(request(joins: true, wantsGrant: wantsGrant))
    }

    /// Follows until it has applied and acknowledged everything through `revision`.
    mutating func keepUp(with revision: Revision) async throws {
        while table.applied < revision {
            // It would be told no more, however often it asks.
            if case .superseded = try await follow() { throw Superseded() }
        }
        try await follow()
    }

    /// Says of every erase that it has been told that its bytes are gone.
    mutating func destroyAll() async throws {
        let reports = outstanding.map { RemovalReport(revision: $0.revision, objects: 3, bytes: 1_000, at: 17) }
        outstanding = []
        try await follow(removals: reports)
    }
}

struct Superseded: Error {}
