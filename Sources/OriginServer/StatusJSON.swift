import CacheProtocol
import Journal

/// The cluster as the journal sees it.
struct StatusJSON: Encodable {
    struct Node: Encodable {
        var name: String
        /// 16 hexadecimal digits: tells nodes of one name apart.
        var folder: String
        var role: String
        /// `active`, `left`, `forgotten`, `declared-dead`.
        var state: String
        /// Since this origin started; absent before its first word.
        var acknowledged: UInt64?
        /// 0: it may not answer.
        var leaseMilliseconds: UInt64
    }

    var journal: String
    var revision: UInt64
    var nodes: [Node]
    var commands: [CommandJSON]
}

extension StatusJSON {
    /// Every folder that ever joined, with the lease of its last life.
    static func nodes(_ members: [StoredMember], _ leases: [MemberStatus]) -> [Node] {
        members.map { member in
            // A life that was superseded may still hold a lease that commands wait for; the last one is what people ask for.
            let own = leases.filter { $0.identity.folder == member.node.folder }
            return Node(
                name: member.node.name, folder: CommandDesk.word(for: member.node.folder), role: "\(member.node.role)",
                state: member.state.word,
                acknowledged: own.first { $0.incarnation == member.incarnation }?.acknowledged.rawValue,
                leaseMilliseconds: own.map(\.leaseLeft).max() ?? 0)
        }
    }
}
