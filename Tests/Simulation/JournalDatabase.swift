import CacheProtocol
import Journal

/// The journal on the origin's disk. A value: a backup is a copy. Mirrors JournalTables.
///
/// Appends, grants, members and removals are synced with their transaction; completions are not, so a power cut may take
/// the last ones back.
struct JournalDatabase {
    struct StoredGrant {
        var serial: UInt64
        var node: NodeIdentity
        var incarnation: Incarnation
        var grant: Grant
    }

    var id: JournalID
    var entries: [JournalEntry] = []
    /// By revision, from 1: the numbers of the orders. For the checker.
    var orders: [Int] = []
    var members: [UInt64: StoredMember] = [:]
    var grants: [StoredGrant] = []
    var lastSerial: UInt64 = 0
    private(set) var completed: Set<Revision> = []
    private var unsynced: [Revision] = []
    /// Marked as removed, of the erases.
    private(set) var removed: Set<Revision> = []
    /// What is folded, through `floor`.
    var snapshot: RuleTable?
    /// By data folder.
    var removals: [UInt64: Set<Revision>] = [:]
    /// Of the origin that began last. Mirrors the table `origin_start`.
    var startedLife: UInt32 = 0
    /// Planted: entries from here on are not on the disk yet.
    var syncedEntries = Int.max

    init(id: JournalID) { self.id = id }

    var head: Revision { Revision(rawValue: UInt64(entries.count)) }
    var floor: Revision { snapshot?.applied ?? .zero }

    func chain(at revision: Revision) -> ChainDigest? {
        if revision == .zero { return .root(of: id) }
        return revision <= head ? entries[Int(revision.rawValue) - 1].chain : nil
    }

    mutating func append(_ order: Order, at wall: Int64) -> JournalEntry {
        let previous = entries.last?.chain ?? .root(of: id)
        let entry = JournalEntry(
            revision: head.next, command: order.command, issuedAt: wall, issuedBy: "", following: previous)
        entries.append(entry)
        orders.append(order.number)
        // Membership, in the same transaction.
        guard case .node(let folder) = order.command.scope, let member = members[folder] else { return entry }
        let isDead = order.kind == .declareDead
        members[folder]?.expulsion = StoredMember.Expulsion(
            kind: isDead ? .declaredDead : .forgotten, revision: entry.revision)
        if isDead { end(member.incarnation) }
        return entry
    }

    mutating func complete(_ revisions: [Revision]) {
        for revision in revisions where completed.insert(revision).inserted { unsynced.append(revision) }
    }

    mutating func markRemoved(_ revisions: [Revision]) { removed.formUnion(revisions) }

    mutating func sync() { unsynced = [] }

    mutating func losePower() {
        completed.subtract(unsynced)
        unsynced = []
        if syncedEntries < entries.count {
            entries.removeLast(entries.count - syncedEntries)
            orders.removeLast(orders.count - syncedEntries)
        }
    }

    /// Mirrors `JournalTables.endOthers`.
    /// - Returns: the incarnations that were ended; nil when a later life has joined.
    mutating func endOthers(than incarnation: Incarnation, of node: NodeIdentity) -> [Incarnation]? {
        guard let known = members[node.folder] else {
            members[node.folder] = StoredMember(node: node, incarnation: incarnation, hasLeft: false, joinedAt: head)
            return []
        }
        if known.incarnation == incarnation { return known.hasLeft ? nil : [] }
        guard incarnation.maySucceed(known.incarnation) else { return nil }
        grants.removeAll { $0.node.folder == node.folder }
        members[node.folder]?.node = node
        members[node.folder]?.incarnation = incarnation
        members[node.folder]?.hasLeft = false
        return [known.incarnation]
    }

    mutating func end(_ incarnation: Incarnation) {
        grants.removeAll { $0.incarnation == incarnation }
        for (folder, member) in members where member.incarnation == incarnation { members[folder]?.hasLeft = true }
    }

    mutating func readmit(_ folder: UInt64, at applied: Revision) {
        guard let member = members[folder], let expulsion = member.expulsion, expulsion.revision <= applied,
            member.accountableFrom < expulsion.revision
        else { return }
        members[folder]?.accountableFrom = applied
    }
}
