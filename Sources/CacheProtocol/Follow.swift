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
    /// Erases whose bytes are gone from this node's disk and memory, told until an answer has come.
    public var removals: [RemovalReport]
    /// How long the answer may be held back while there is nothing to tell: milliseconds.
    public var patience: UInt64

    public init(
        node: NodeIdentity, incarnation: Incarnation, joins: Bool = false, leaves: Bool = false, journal: JournalID?,
        applied: Revision, chain: ChainDigest?, wantsGrant: Bool, removals: [RemovalReport] = [], patience: UInt64
    ) {
        self.node = node
        self.incarnation = incarnation
        self.joins = joins
        self.leaves = leaves
        self.journal = journal
        self.applied = applied
        self.chain = chain
        self.wantsGrant = wantsGrant
        self.removals = removals
        self.patience = patience
    }
}

public enum FollowAnswer: Hashable, Sendable {
    case news(FollowNews)
    /// The node is not on the chain of `journal`: it empties its caches, durably, and follows from the beginning.
    case startOver(JournalID)
    /// A later incarnation of the same data folder has joined: this one answers nothing and ends.
    case superseded
}

/// What a node is told that is on the chain.
public struct FollowNews: Hashable, Sendable {
    /// Where the entries after `applied` are not kept any more, their fold; the entries below follow on that.
    public var snapshot: RuleSnapshot?
    /// With a snapshot: the erases among what it folds, beyond what the node has applied. Their bytes may be on its disk.
    public var erasures: [Erasure]
    public var entries: [JournalEntry]
    public var grant: Grant?
    public var questions: [NodeQuestion]

    public init(
        snapshot: RuleSnapshot? = nil, erasures: [Erasure] = [], entries: [JournalEntry] = [], grant: Grant? = nil,
        questions: [NodeQuestion] = []
    ) {
        self.snapshot = snapshot
        self.erasures = erasures
        self.entries = entries
        self.grant = grant
        self.questions = questions
    }
}

/// What an erase ordered a node to destroy: every record of these sources that was filled before it.
public struct Erasure: Hashable, Sendable {
    public var revision: Revision
    public var sources: [SourceIdentity]

    public init(revision: Revision, sources: [SourceIdentity]) {
        self.revision = revision
        self.sources = sources
    }

    /// Nil for an entry that erases no source.
    public init?(_ entry: JournalEntry) {
        guard entry.command.kind == .erase, case .source(let sources) = entry.command.scope else { return nil }
        self.init(revision: entry.revision, sources: sources)
    }

    /// Whether an object is among what is to be destroyed.
    public func matches(_ metadata: ObjectMetadata) -> Bool {
        metadata.fillRevision < revision && metadata.scope.sources.contains { sources.contains($0) }
    }
}

/// That a node has destroyed what an erase named (DESIGN §4, rule 13).
public struct RemovalReport: Hashable, Sendable {
    /// The erase.
    public var revision: Revision
    /// Records destroyed, whether they could still be found or lay in dead space.
    public var objects: UInt64
    public var bytes: UInt64
    /// By the node's wall clock, milliseconds since 1970; for people.
    public var at: Int64

    public init(revision: Revision, objects: UInt64, bytes: UInt64, at: Int64) {
        self.revision = revision
        self.objects = objects
        self.bytes = bytes
        self.at = at
    }
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
        writer.write(removals) { $1.encode(into: &$0) }
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
            removals: try reader.list { (reader) throws(WireError) in try RemovalReport(from: &reader) },
            patience: try reader.unsigned())
    }
}

extension FollowAnswer: WireCodable {
    public func encode(into writer: inout WireWriter) {
        switch self {
        case .news(let news):
            writer.write(byte: 1)
            writer.write(news.snapshot.map { [$0] } ?? []) { $1.encode(into: &$0) }
            writer.write(news.erasures) { $1.encode(into: &$0) }
            writer.write(news.entries) { $1.encode(into: &$0) }
            writer.write(news.grant.map { [$0] } ?? []) { writer, grant in
                writer.write(grant.head)
                writer.write(grant.duration)
            }
            writer.write(news.questions) { $1.encode(into: &$0) }
        case .startOver(let journal):
            writer.write(byte: 2)
            journal.encode(into: &writer)
        case .superseded:
            writer.write(byte: 3)
        }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        switch try reader.byte() {
        case 1:
            let snapshots = try reader.list { (reader) throws(WireError) in try RuleSnapshot(from: &reader) }
            let erasures = try reader.list { (reader) throws(WireError) in try Erasure(from: &reader) }
            let entries = try reader.list { (reader) throws(WireError) in try JournalEntry(from: &reader) }
            let grants = try reader.list { (reader) throws(WireError) in
                Grant(head: try reader.revision(), duration: try reader.unsigned())
            }
            self = .news(
                FollowNews(
                    snapshot: snapshots.first, erasures: erasures, entries: entries, grant: grants.first,
                    questions: try reader.list { (reader) throws(WireError) in try NodeQuestion(from: &reader) }))
        case 2: self = .startOver(try JournalID(from: &reader))
        case 3: self = .superseded
        case let other: throw WireError("no follow answer has the kind \(other)")
        }
    }
}

extension RemovalReport: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(revision)
        writer.write(objects)
        writer.write(bytes)
        writer.write(at)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            revision: try reader.revision(), objects: try reader.unsigned(), bytes: try reader.unsigned(),
            at: try reader.signed())
    }
}

extension Erasure: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(revision)
        writer.write(sources) { $1.encode(into: &$0) }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            revision: try reader.revision(),
            sources: try reader.list { (reader) throws(WireError) in try SourceIdentity(from: &reader) })
    }
}
