public import CacheProtocol

/// What people are told of a command.
public struct CommandStatus: Hashable, Sendable {
    public struct Node: Hashable, Sendable {
        public var identity: NodeIdentity
        public var incarnation: Incarnation
        public var state: State
    }

    public enum State: Hashable, Sendable {
        /// It may still answer without the command: for so many milliseconds at the longest.
        case waiting(atMost: UInt64)
        /// It can't any more. At: milliseconds since 1970.
        case settled(NodeOutcome.Reason, at: Int64)

        /// The word for the API and the command line.
        public var word: String {
            switch self {
            case .waiting: "waiting"
            case .settled(.applied, _): "applied"
            case .settled(.leaseRunOut, _): "lease-run-out"
            case .settled(.ended, _): "ended"
            case .settled(.declaredDead, _): "declared-dead"
            case .settled(.forgotten, _): "forgotten"
            }
        }
    }

    /// Of a command that is folded into the snapshot only the kind is left, and the kind of its scope.
    public var entry: JournalEntry
    public var isFolded: Bool
    /// Milliseconds since 1970; nil while the command is pending.
    public var completedAt: Int64?
    /// Whom the command waits or waited for, by name.
    public var nodes: [Node]

    public var revision: Revision { entry.revision }
    public var isCompleted: Bool { completedAt != nil }

    init(_ record: JournalRecord, _ completion: Completion) {
        (entry, isFolded) = (record.entry, record.isFolded)
        completedAt = completion.completedAt
        nodes = completion.outcomes.map {
            Node(identity: $0.node, incarnation: $0.incarnation, state: .settled($0.reason, at: $0.at))
        }
    }

    init(_ record: JournalRecord, _ progress: CommandProgress?, at now: BootInstant) {
        (entry, isFolded) = (record.entry, record.isFolded)
        nodes = (progress?.nodes ?? []).map { node in
            let state: State =
                switch node.state {
                case .waiting(let until): .waiting(atMost: until.milliseconds(since: now))
                case .settled(let reason, let at): .settled(reason, at: at)
                }
            return Node(identity: node.identity, incarnation: node.incarnation, state: state)
        }
    }
}

extension CommandKind {
    /// The word for the API and the command line.
    public var word: String {
        switch self {
        case .hardPurge: "purge"
        case .softPurge: "soft-purge"
        case .erase: "erase"
        case .lift: "lift"
        case .configure: "configure"
        case .forget: "forget"
        case .declareDead: "declare-dead"
        }
    }
}

extension CommandScope {
    /// The word for the API and the command line.
    public var word: String {
        switch self {
        case .url: "url"
        case .source: "source"
        case .prefix: "prefix"
        case .tag: "tag"
        case .site: "site"
        case .all: "all"
        case .configuration: "configuration"
        case .node: "node"
        }
    }
}

/// What people are told of a node.
public struct MemberStatus: Hashable, Sendable {
    public var identity: NodeIdentity
    public var incarnation: Incarnation
    public var acknowledged: Revision
    /// Milliseconds for which it may still answer, as the journal's side counts them.
    public var leaseLeft: UInt64
}
