/// A node asks for what follows what it has applied. The same message joins, acknowledges and renews the lease: what was
/// applied is acknowledged by saying so.
public struct FollowRequest: Hashable, Sendable {
    public var node: NodeIdentity
    public var incarnation: Incarnation
    /// The first request of an incarnation: it ends all earlier ones of the same data folder.
    public var joins: Bool
    /// The last request of an incarnation: it answers nothing any more.
    public var leaves: Bool
    /// The journal that `applied` counts in; nil for a node that has never followed one.
    public var journal: JournalID?
    public var applied: Revision
    public var chain: ChainDigest?
    public var wantsGrant: Bool
    /// What an edge serves by; nil for an origin.
    public var configuration: Digest128?
    /// How long the answer may be held back while there is nothing to tell: milliseconds.
    public var patience: UInt64

    public init(
        node: NodeIdentity, incarnation: Incarnation, joins: Bool = false, leaves: Bool = false, journal: JournalID?,
        applied: Revision, chain: ChainDigest?, wantsGrant: Bool, configuration: Digest128? = nil, patience: UInt64
    ) {
        self.node = node
        self.incarnation = incarnation
        self.joins = joins
        self.leaves = leaves
        self.journal = journal
        self.applied = applied
        self.chain = chain
        self.wantsGrant = wantsGrant
        self.configuration = configuration
        self.patience = patience
    }
}

public enum FollowAnswer: Hashable, Sendable {
    case entries([JournalEntry], grant: Grant?)
    /// The node is not on the chain of `journal`: it empties its caches, durably, and follows from the beginning.
    case startOver(JournalID)
    /// What the edge serves by is not what its origins serve by any more: it answers nothing until it has asked anew.
    case reconfigured
    /// A later incarnation of the same data folder has joined: this one answers nothing and ends.
    case superseded
}

extension FollowRequest: WireCodable {
    public func encode(into writer: inout WireWriter) {
        node.encode(into: &writer)
        writer.write(fixed: incarnation.rawValue)
        writer.write(joins)
        writer.write(leaves)
        writer.write(journal.map { [$0] } ?? []) { $1.encode(into: &$0) }
        writer.write(applied)
        writer.write(chain.map { [$0] } ?? []) { $1.encode(into: &$0) }
        writer.write(wantsGrant)
        writer.write(configuration.map { [$0] } ?? []) { $0.write($1) }
        writer.write(patience)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            node: try NodeIdentity(from: &reader), incarnation: Incarnation(rawValue: try reader.fixed()),
            joins: try reader.bool(), leaves: try reader.bool(),
            journal: try reader.list { (reader) throws(WireError) in try JournalID(from: &reader) }.first,
            applied: try reader.revision(),
            chain: try reader.list { (reader) throws(WireError) in try ChainDigest(from: &reader) }.first,
            wantsGrant: try reader.bool(),
            configuration: try reader.list { (reader) throws(WireError) in try reader.digest() }.first,
            patience: try reader.unsigned())
    }
}

extension FollowAnswer: WireCodable {
    public func encode(into writer: inout WireWriter) {
        switch self {
        case .entries(let entries, let grant):
            writer.write(byte: 1)
            writer.write(entries) { $1.encode(into: &$0) }
            writer.write(grant.map { [$0] } ?? []) { writer, grant in
                writer.write(grant.head)
                writer.write(grant.duration)
            }
        case .startOver(let journal):
            writer.write(byte: 2)
            journal.encode(into: &writer)
        case .superseded:
            writer.write(byte: 3)
        case .reconfigured:
            writer.write(byte: 4)
        }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte() {
        case 1:
            let entries = try reader.list { (reader) throws(WireError) in try JournalEntry(from: &reader) }
            let grants = try reader.list { (reader) throws(WireError) in
                Grant(head: try reader.revision(), duration: try reader.unsigned())
            }
            self = .entries(entries, grant: grants.first)
        case 2: self = .startOver(try JournalID(from: &reader))
        case 3: self = .superseded
        case 4: self = .reconfigured
        case let other: throw WireError("no follow answer has the kind \(other)")
        }
    }
}
