/// What an origin asks a node on an operator's behalf. It travels in the node's own follow answer, since nodes call origins
/// and never the other way round; the answer comes as a `NodeReport`.
public struct NodeQuestion: Hashable, Sendable {
    /// Drawn at random; the report repeats it.
    public var id: UInt64
    /// Which records of these sources does the node keep?
    public var sources: [SourceIdentity]

    public init(id: UInt64, sources: [SourceIdentity]) {
        self.id = id
        self.sources = sources
    }
}

/// A node's answer: every record of the sources, in memory, on disk, waiting to be written, or dead and not yet
/// overwritten.
public struct NodeReport: Hashable, Sendable {
    public var question: UInt64
    public var node: NodeIdentity
    public var records: [KeptRecord]
    /// Why the node can't tell; empty when it can.
    public var failure: String

    public init(question: UInt64, node: NodeIdentity, records: [KeptRecord], failure: String = "") {
        self.question = question
        self.node = node
        self.records = records
        self.failure = failure
    }
}

/// One record as `vignette where` shows it.
public struct KeptRecord: Hashable, Sendable {
    /// The cache of the node: `variants`, `sources`.
    public var cache: String
    /// `memory`, `disk`, `pending`, `dead`.
    public var tier: String
    public var key: CacheKey
    public var contentType: String
    /// Of the body.
    public var bytes: UInt64
    public var fillRevision: Revision

    public init(
        cache: String, tier: String, key: CacheKey, contentType: String, bytes: UInt64, fillRevision: Revision
    ) {
        self.cache = cache
        self.tier = tier
        self.key = key
        self.contentType = contentType
        self.bytes = bytes
        self.fillRevision = fillRevision
    }
}

extension NodeQuestion: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(fixed: id)
        writer.write(sources) { $1.encode(into: &$0) }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            id: try reader.fixed(),
            sources: try reader.list { (reader) throws(WireError) in try SourceIdentity(from: &reader) })
    }
}

extension NodeReport: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(fixed: question)
        node.encode(into: &writer)
        writer.write(records) { writer, record in
            writer.write(record.cache)
            writer.write(record.tier)
            writer.write(record.key.digest)
            writer.write(record.contentType)
            writer.write(record.bytes)
            writer.write(record.fillRevision)
        }
        writer.write(failure)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            question: try reader.fixed(), node: try NodeIdentity(from: &reader),
            records: try reader.list { (reader) throws(WireError) in
                KeptRecord(
                    cache: try reader.string(), tier: try reader.string(), key: CacheKey(try reader.digest()),
                    contentType: try reader.string(), bytes: try reader.unsigned(), fillRevision: try reader.revision())
            }, failure: try reader.string())
    }
}
