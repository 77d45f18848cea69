public import CacheProtocol

/// That a command is completed, and how it came about for each node it had to wait for.
public struct Completion: Hashable, Sendable {
    public var revision: Revision
    /// Milliseconds since 1970.
    public var completedAt: Int64
    public var outcomes: [NodeOutcome]

    public init(revision: Revision, completedAt: Int64, outcomes: [NodeOutcome]) {
        self.revision = revision
        self.completedAt = completedAt
        self.outcomes = outcomes
    }
}

/// Why a node can't answer with what a command forbids.
public struct NodeOutcome: Hashable, Sendable {
    public enum Reason: UInt8, Hashable, Sendable, CaseIterable {
        /// It acknowledged the command.
        case applied = 1
        /// Its last lease of before the command has run out.
        case leaseRunOut = 2
        /// The process has ended: it left, or a later one locked its data folder.
        case ended = 3
        /// The operator has said that the process is gone.
        case declaredDead = 4
        /// Its last lease of before the command has run out, and the operator has said that it is no member any more.
        case forgotten = 5
    }

    public var node: NodeIdentity
    public var incarnation: Incarnation
    public var reason: Reason
    /// Milliseconds since 1970.
    public var at: Int64

    public init(node: NodeIdentity, incarnation: Incarnation, reason: Reason, at: Int64) {
        self.node = node
        self.incarnation = incarnation
        self.reason = reason
        self.at = at
    }
}

extension NodeOutcome: WireCodable {
    public func encode(into writer: inout WireWriter) {
        node.encode(into: &writer)
        writer.write(fixed: incarnation.rawValue)
        writer.write(byte: reason.rawValue)
        writer.write(at)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        let node = try NodeIdentity(from: &reader)
        let incarnation = Incarnation(rawValue: try reader.fixed())
        let rawReason = try reader.byte()
        guard let reason = Reason(rawValue: rawReason) else {
            throw WireError("no outcome has the reason \(rawReason)")
        }
        self.init(node: node, incarnation: incarnation, reason: reason, at: try reader.signed())
    }
}
