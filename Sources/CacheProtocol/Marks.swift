/// The greatest revisions of the commands that named one scope. They only grow; `lift` takes a tombstone away, and nothing
/// else.
public struct Marks: Hashable, Sendable {
    public internal(set) var hard = Revision.zero
    public internal(set) var soft = Revision.zero
    /// The erase that is in force.
    public internal(set) var tombstone: Revision?

    public var newest: Revision { max(hard, soft) }

    mutating func note(_ kind: CommandKind, at revision: Revision) {
        switch kind {
        case .hardPurge, .configure: hard = revision
        case .softPurge: soft = revision
        case .erase:
            hard = revision
            tombstone = revision
        case .lift: tombstone = nil
        case .forget, .declareDead: break
        }
    }

    mutating func include(_ other: Marks) {
        hard = max(hard, other.hard)
        soft = max(soft, other.soft)
    }

    /// What is left once everything through `floor` is dropped: a tombstone stays, for it is not about what is cached.
    func dropping(through floor: Revision) -> Marks? {
        var left = self
        if left.hard <= floor { left.hard = .zero }
        if left.soft <= floor { left.soft = .zero }
        return left == Marks() ? nil : left
    }
}

extension Marks: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(hard)
        writer.write(soft)
        writer.write(tombstone ?? .zero)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        hard = try reader.revision()
        soft = try reader.revision()
        let raw = try reader.revision()
        tombstone = raw == .zero ? nil : raw
    }
}
