extension Command: WireCodable {
    /// Set in the byte of the kind when the endpoints follow: entries of before there were any keep their digest.
    private static let namesSites: UInt8 = 0x80

    public func encode(into writer: inout WireWriter) {
        writer.write(byte: kind.rawValue | (sites.isEmpty ? 0 : Self.namesSites))
        switch scope {
        case .url(let digests):
            writer.write(byte: 1)
            writer.write(digests) { $0.write($1) }
        case .source(let sources):
            writer.write(byte: 2)
            writer.write(sources) { $1.encode(into: &$0) }
        case .tag(let tag):
            writer.write(byte: 3)
            writer.write(tag)
        case .site(let site):
            writer.write(byte: 4)
            writer.write(site)
        case .all:
            writer.write(byte: 5)
        case .prefix(let prefixes):
            writer.write(byte: 6)
            writer.write(prefixes) { $1.encode(into: &$0) }
        case .configuration(let change):
            writer.write(byte: 7)
            writer.write(change.document)
            writer.write(change.revokedStorages) { $0.write($1) }
            writer.write(change.revokedSites) { $0.write($1) }
        case .node(let folder):
            writer.write(byte: 8)
            writer.write(fixed: folder)
        }
        writer.write(label)
        if !sites.isEmpty { writer.write(sites) { $0.write($1) } }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        let first = try reader.byte()
        let rawKind = first & ~Self.namesSites
        guard let kind = CommandKind(rawValue: rawKind) else { throw WireError("no command has the kind \(rawKind)") }
        let scope: CommandScope
        switch try reader.byte() {
        case 1: scope = .url(try reader.list { (reader) throws(WireError) in try reader.digest() })
        case 2: scope = .source(try reader.list { (reader) throws(WireError) in try SourceIdentity(from: &reader) })
        case 3: scope = .tag(try reader.string())
        case 4: scope = .site(try reader.string())
        case 5: scope = .all
        case 6: scope = .prefix(try reader.list { (reader) throws(WireError) in try SourceIdentity(from: &reader) })
        case 7:
            scope = .configuration(
                ConfigurationChange(
                    document: try reader.string(), revokedStorages: try reader.strings(),
                    revokedSites: try reader.strings()))
        case 8: scope = .node(try reader.fixed())
        case let other: throw WireError("no command has the scope \(other)")
        }
        let label = try reader.string()
        let sites = first & Self.namesSites == 0 ? [] : try reader.strings()
        guard (first & Self.namesSites == 0) == sites.isEmpty else { throw WireError("a command names no endpoint") }
        self.init(kind: kind, scope: scope, sites: sites, label: label)
    }
}
