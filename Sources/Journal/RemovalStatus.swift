public import CacheProtocol

/// What people are told of what an erase has destroyed.
public struct RemovalStatus: Hashable, Sendable {
    public struct Node: Hashable, Sendable {
        public var identity: NodeIdentity
        public var state: State
    }

    public enum State: Hashable, Sendable {
        case removed(RemovalReport)
        /// It must still report.
        case pending
        /// Nobody waits for its word: it was forgotten, declared dead, or (nil) joined before members gave any.
        case unproven(StoredMember.Expulsion.Kind?)

        /// The word for the API and the command line.
        public var word: String {
            switch self {
            case .removed: "removed"
            case .pending: "pending"
            case .unproven: "unproven"
            }
        }
    }

    public var entry: JournalEntry
    /// Milliseconds since 1970; nil while a node may still serve what was erased.
    public var completedAt: Int64?
    /// Milliseconds since 1970; nil while a node has still to report.
    public var removedAt: Int64?
    /// Every data folder that was there before the erase, by name.
    public var nodes: [Node]

    public var revision: Revision { entry.revision }
    public var isRemoved: Bool { removedAt != nil }

    init(
        _ record: JournalRecord, completedAt: Int64?, members: [StoredMember], removals: [StoredRemoval]
    ) {
        entry = record.entry
        self.completedAt = completedAt
        removedAt = record.removedAt
        let reports = Dictionary(removals.map { ($0.folder, $0.report) }) { first, _ in first }
        nodes = members.sorted { ($0.node.name, $0.node.folder) < ($1.node.name, $1.node.folder) }.compactMap { member in
            let duty = RemovalTracker.duty(of: member, for: record.entry.revision)
            switch (duty, reports[member.node.folder]) {
            case (.none, _): return nil
            case (_, let report?): return Node(identity: member.node, state: .removed(report))
            // It joined while the erase was on its way, with nothing in it.
            case (.destroy, nil) where record.removedAt != nil: return nil
            case (.destroy, nil): return Node(identity: member.node, state: .pending)
            case (.unproven(let kind), nil): return Node(identity: member.node, state: .unproven(kind))
            }
        }
    }
}
