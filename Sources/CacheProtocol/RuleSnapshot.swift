/// A rule table as it travels and as it is kept: everything that a node must know of the journal through a revision
/// without reading the entries (DESIGN §4, rule 2). Equal histories give equal snapshots.
public struct RuleSnapshot: Sendable {
    public var journal: JournalID
    public var table: RuleTable

    public init(journal: JournalID, table: RuleTable) {
        self.journal = journal
        self.table = table
    }

    public var revision: Revision { table.applied }
}

extension RuleSnapshot: Hashable {
    public static func == (left: RuleSnapshot, right: RuleSnapshot) -> Bool {
        left.wireBytes == right.wireBytes
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(journal)
        hasher.combine(table.applied)
        hasher.combine(table.chain)
    }
}

extension RuleSnapshot: WireCodable {
    private static let layout: UInt8 = 1

    public func encode(into writer: inout WireWriter) {
        writer.write(byte: Self.layout)
        journal.encode(into: &writer)
        writer.write(table.applied)
        table.chain.encode(into: &writer)
        writer.write(table.floor)
        table.all.encode(into: &writer)
        Self.write(table.sources, into: &writer)
        Self.write(table.urls, into: &writer)
        writer.write(UInt64(table.prefixes.count))
        table.prefixes.forEach { prefix, marks in
            writer.write(bytes: prefix)
            marks.encode(into: &writer)
        }
        Self.write(table.tags, into: &writer)
        Self.write(table.sites, into: &writer)
        writer.write(table.newestUnnamed)
        writer.write(table.configuration.map { [$0] } ?? []) { writer, configuration in
            writer.write(configuration.revision)
            writer.write(configuration.document)
        }
        writer.write(table.forgotten.sorted { $0.key < $1.key }) { writer, forgotten in
            writer.write(fixed: forgotten.key)
            writer.write(forgotten.value)
        }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        let layout = try reader.byte()
        guard layout == Self.layout else { throw WireError("a rule snapshot of layout \(layout), not \(Self.layout)") }
        journal = try JournalID(from: &reader)
        let applied = try reader.revision()
        let chain = try ChainDigest(from: &reader)
        let floor = try reader.revision()
        guard floor <= applied else { throw WireError("a rule snapshot's floor \(floor) is above its revision \(applied)") }
        table = RuleTable(applied: applied, chain: chain, floor: floor)
        table.all = try Marks(from: &reader)
        table.sources = try Self.digests(&reader)
        table.urls = try Self.digests(&reader)
        for _ in 0..<(try reader.unsigned()) {
            let prefix = Array(try reader.slice())
            let marks = try Marks(from: &reader)
            table.prefixes.update(prefix, default: marks) { _ in }
        }
        table.tags = try Self.words(&reader)
        table.sites = try Self.words(&reader)
        table.newestUnnamed = try reader.revision()
        table.configuration = try reader.list { (reader) throws(WireError) in
            AppliedConfiguration(revision: try reader.revision(), document: try reader.string())
        }.first
        for _ in 0..<(try reader.unsigned()) {
            let folder = try reader.fixed()
            table.forgotten[folder] = try reader.revision()
        }
        table.recount()
    }

    private static func write(_ marks: [Digest128: Marks], into writer: inout WireWriter) {
        writer.write(marks.sorted { ($0.key.high, $0.key.low) < ($1.key.high, $1.key.low) }) { writer, mark in
            writer.write(mark.key)
            mark.value.encode(into: &writer)
        }
    }

    private static func write(_ marks: [String: Marks], into writer: inout WireWriter) {
        writer.write(marks.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) { writer, mark in
            writer.write(mark.key)
            mark.value.encode(into: &writer)
        }
    }

    private static func digests(_ reader: inout WireReader) throws(WireError) -> [Digest128: Marks] {
        var marks: [Digest128: Marks] = [:]
        for _ in 0..<(try reader.unsigned()) {
            let digest = try reader.digest()
            marks[digest] = try Marks(from: &reader)
        }
        return marks
    }

    private static func words(_ reader: inout WireReader) throws(WireError) -> [String: Marks] {
        var marks: [String: Marks] = [:]
        for _ in 0..<(try reader.unsigned()) {
            let word = try reader.string()
            marks[word] = try Marks(from: &reader)
        }
        return marks
    }
}
