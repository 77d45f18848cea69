import CacheProtocol
import ErasureReceipt
import Journal

extension ErasureReceipt {
    /// What the journal knows of an erase. Nil before it is Completed, and for what is no erase.
    /// - Parameter now: milliseconds since 1970.
    init?(_ command: CommandStatus, _ removal: RemovalStatus, journal: JournalID, at now: Int64) {
        let entry = command.entry
        guard let completedAt = command.completedAt, let erasure = Erasure(entry) else { return nil }
        self.init(
            status: removal.isRemoved ? .removed : .completed, revision: entry.revision.rawValue, named: entry.command.label,
            sources: erasure.sources.map { Source(storage: $0.storage, key: $0.key) }, journal: journal.description,
            chainDigest: entry.chain.description, orderedBy: entry.issuedBy, orderedAt: APITime.text(entry.issuedAt),
            completedAt: APITime.text(completedAt), removedAt: removal.removedAt.map(APITime.text),
            issuedAt: APITime.text(now), nodes: Self.nodes(command, removal))
    }

    /// Whoever could answer, and whoever had to destroy something, by name.
    private static func nodes(_ command: CommandStatus, _ removal: RemovalStatus) -> [Node] {
        var nodes: [UInt64: Node] = [:]
        for node in removal.nodes { nodes[node.identity.folder] = Node(node.identity, Removal(node.state)) }
        for life in command.nodes {
            guard case .settled(_, let at) = life.state else { continue }
            // Nobody waits for its word: a lease that the journal had lost, or a folder that joined later with nothing in it.
            nodes[life.identity.folder, default: Node(life.identity, .unproven)].silenced
                .append(Silenced(how: life.state.word, at: APITime.text(at)))
        }
        return nodes.values.sorted { ($0.name, $0.folder) < ($1.name, $1.folder) }
    }
}

extension ErasureReceipt.Node {
    fileprivate init(_ node: NodeIdentity, _ removal: ErasureReceipt.Removal) {
        self.init(
            name: node.name, folder: CommandDesk.word(for: node.folder), role: "\(node.role)", silenced: [], removal: removal)
    }
}

extension ErasureReceipt.Removal {
    fileprivate init(_ state: RemovalStatus.State) {
        switch state {
        case .removed(let report):
            self = .removed(objects: report.objects, bytes: report.bytes, at: APITime.text(report.at))
        case .pending: self = .pending
        case .unproven: self = .unproven
        }
    }
}
