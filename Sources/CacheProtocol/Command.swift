/// What an operator orders the whole cluster to do (DESIGN §1).
public struct Command: Hashable, Sendable {
    public var kind: CommandKind
    public var scope: CommandScope
    /// The URL, path or word the operator gave: for people only, nothing is matched against it.
    public var label: String

    public init(kind: CommandKind, scope: CommandScope, label: String) {
        self.kind = kind
        self.scope = scope
        self.label = label
    }
}

public enum CommandKind: UInt8, Hashable, Sendable, CaseIterable {
    /// Gone now: cached copies are refused from this revision on.
    case hardPurge = 1
    /// Stale now: cached copies may be revalidated.
    case softPurge = 2
    /// A hard purge that also leaves a tombstone: 410 until lifted. Names sources; with any other scope it is a hard purge.
    case erase = 3
    /// Takes the tombstone away. The erase's revision stays as a hard purge.
    case lift = 4
}

/// What a command matches (DESIGN §4, rule 9).
public enum CommandScope: Hashable, Sendable {
    /// One recipe, in every format, of every source that the URL could mean: `ObjectScope.urlDigest`s.
    case url([Digest128])
    /// Every (storage, key) that the path could reach.
    case source([SourceIdentity])
    case tag(String)
    case site(String)
    case all
}

extension Command: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(byte: kind.rawValue)
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
        }
        writer.write(label)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        let rawKind = try reader.byte()
        guard let kind = CommandKind(rawValue: rawKind) else { throw WireError("no command has the kind \(rawKind)") }
        let scope: CommandScope
        switch try reader.byte() {
        case 1: scope = .url(try reader.list { (reader) throws(WireError) in try reader.digest() })
        case 2: scope = .source(try reader.list { (reader) throws(WireError) in try SourceIdentity(from: &reader) })
        case 3: scope = .tag(try reader.string())
        case 4: scope = .site(try reader.string())
        case 5: scope = .all
        case let other: throw WireError("no command has the scope \(other)")
        }
        self.init(kind: kind, scope: scope, label: try reader.string())
    }
}
