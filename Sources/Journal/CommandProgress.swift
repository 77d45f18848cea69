public import CacheProtocol

/// A moment by both clocks of the origin.
public struct DeskInstant: Hashable, Sendable {
    /// What decides.
    public var boot: BootInstant
    /// What people are told: milliseconds since 1970.
    public var wall: Int64

    public init(boot: BootInstant, wall: Int64) {
        self.boot = boot
        self.wall = wall
    }
}

/// How far one command is on its way to Completed. Pure: the caller tells what happened.
///
/// Invariants
/// 1. The nodes waited for are fixed when the command is committed: a grant of later on names its revision or a greater
///    one, so its holder can't answer before it has applied the command.
/// 2. A node that is no longer waited for never is again.
public struct CommandProgress: Hashable, Sendable {
    public struct Node: Hashable, Sendable {
        public var identity: NodeIdentity
        public var incarnation: Incarnation
        public var state: State
    }

    public enum State: Hashable, Sendable {
        /// At the longest until then.
        case waiting(until: BootInstant)
        /// At: milliseconds since 1970.
        case settled(NodeOutcome.Reason, at: Int64)
    }

    public let revision: Revision
    /// By name.
    public private(set) var nodes: [Node]
    private var waitingCount: Int

    /// - Parameters:
    ///   - awaited: whom the ledger waits for, read after `revision` was committed.
    ///   - members: everybody with a grant; those who acknowledged while the commit was on its way are listed as well.
    public init(
        revision: Revision, awaited: [LeaseLedger.Awaited], members: [LeaseLedger.Member], at instant: DeskInstant
    ) {
        self.revision = revision
        let waiting = awaited.map {
            Node(identity: $0.node, incarnation: $0.incarnation, state: .waiting(until: $0.until))
        }
        let quick = members.filter { $0.acknowledged >= revision }.map {
            Node(identity: $0.node, incarnation: $0.incarnation, state: .settled(.applied, at: instant.wall))
        }
        nodes = (waiting + quick).sorted {
            ($0.identity.name, $0.incarnation.rawValue) < ($1.identity.name, $1.incarnation.rawValue)
        }
        waitingCount = waiting.count
    }

    /// Nobody can answer with what the command forbids.
    public var isSettled: Bool { waitingCount == 0 }

    /// When the next wait ends by itself.
    public var nextRunOut: BootInstant? {
        nodes.compactMap { if case .waiting(let until) = $0.state { until } else { nil } }.min()
    }

    public mutating func acknowledge(_ acknowledged: Revision, by incarnation: Incarnation, at wall: Int64) {
        guard acknowledged >= revision else { return }
        settle(.applied, at: wall) { node, _ in node.incarnation == incarnation }
    }

    public mutating func end(_ incarnation: Incarnation, reason: NodeOutcome.Reason = .ended, at wall: Int64) {
        settle(reason, at: wall) { node, _ in node.incarnation == incarnation }
    }

    /// - Parameter forgotten: data folders.
    public mutating func pass(_ instant: DeskInstant, forgotten: Set<UInt64> = []) {
        settle(.forgotten, at: instant.wall) { node, until in
            until <= instant.boot && forgotten.contains(node.identity.folder)
        }
        settle(.leaseRunOut, at: instant.wall) { _, until in until <= instant.boot }
    }

    private mutating func settle(
        _ reason: NodeOutcome.Reason, at wall: Int64, where applies: (Node, BootInstant) -> Bool
    ) {
        for index in nodes.indices {
            guard case .waiting(let until) = nodes[index].state, applies(nodes[index], until) else { continue }
            nodes[index].state = .settled(reason, at: wall)
            waitingCount -= 1
        }
    }

    /// What is written down once the command is settled.
    public func completion(at wall: Int64) -> Completion {
        Completion(
            revision: revision, completedAt: wall,
            outcomes: nodes.compactMap { node in
                guard case .settled(let reason, let at) = node.state else { return nil }
                return NodeOutcome(node: node.identity, incarnation: node.incarnation, reason: reason, at: at)
            })
    }
}
