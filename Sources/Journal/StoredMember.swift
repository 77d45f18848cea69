public import CacheProtocol

/// A data folder that once joined.
public struct StoredMember: Hashable, Sendable {
    public var node: NodeIdentity
    /// The latest life of its folder.
    public var incarnation: Incarnation
    /// That life has ended and no new one has joined.
    public var hasLeft: Bool
    /// The head when the folder joined for the first time, with nothing in it: no erase through this concerns it.
    public var joinedAt: Revision
    /// It was expelled and has come back, or joined before members told what they destroyed: whether it has destroyed what
    /// was erased through this is known only where it says so.
    public var accountableFrom: Revision
    /// The last time that it was expelled.
    public var expulsion: Expulsion?

    public struct Expulsion: Hashable, Sendable {
        public enum Kind: Hashable, Sendable {
            case forgotten, declaredDead
        }

        public var kind: Kind
        /// Of the command.
        public var revision: Revision

        public init(kind: Kind, revision: Revision) {
            self.kind = kind
            self.revision = revision
        }

        /// Nil for a command that expels nobody.
        init?(_ entry: JournalEntry) {
            switch entry.command.kind {
            case .forget: self.init(kind: .forgotten, revision: entry.revision)
            case .declareDead: self.init(kind: .declaredDead, revision: entry.revision)
            default: return nil
            }
        }
    }

    public enum State: Hashable, Sendable {
        case active, left, forgotten, declaredDead

        /// The word for the API and the command line.
        public var word: String {
            switch self {
            case .active: "active"
            case .left: "left"
            case .forgotten: "forgotten"
            case .declaredDead: "declared-dead"
            }
        }
    }

    public init(
        node: NodeIdentity, incarnation: Incarnation, hasLeft: Bool, joinedAt: Revision = .zero,
        accountableFrom: Revision = .zero, expulsion: Expulsion? = nil
    ) {
        self.node = node
        self.incarnation = incarnation
        self.hasLeft = hasLeft
        self.joinedAt = joinedAt
        self.accountableFrom = accountableFrom
        self.expulsion = expulsion
    }

    /// Expelled, and not come back since.
    public var isExpelled: Bool {
        expulsion.map { accountableFrom < $0.revision } ?? false
    }

    public var state: State {
        if isExpelled, let expulsion { return expulsion.kind == .forgotten ? .forgotten : .declaredDead }
        return hasLeft ? .left : .active
    }
}
