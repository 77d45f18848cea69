/// A member of the cluster: the name the operator gave it, and its data folder. Two processes with one name but two
/// folders are two nodes; one of them never ends the other's leases.
public struct NodeIdentity: Hashable, Sendable, CustomStringConvertible {
    public var name: String
    /// Drawn at random when the data folder was made. The folder is locked by the process that uses it.
    public var folder: UInt64
    public var role: NodeRole

    public init(name: String, folder: UInt64, role: NodeRole) {
        self.name = name
        self.folder = folder
        self.role = role
    }

    public var description: String { name }
}

public enum NodeRole: UInt8, Hashable, Sendable, CaseIterable {
    case origin = 1
    case edge = 2
}

/// One life of a process. A lease belongs to an incarnation.
///
/// The upper 24 bits count the lives of the data folder, the others are drawn at random. Without the count, the delayed
/// join of a process that was killed would end the leases of the one that followed it, which is alive and answers.
public struct Incarnation: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public var rawValue: UInt64

    private static let randomBits: UInt64 = 40

    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// - Parameter life: how often the data folder was opened before, counted durably in the folder.
    public init(life: UInt32) {
        let life = min(UInt64(life), UInt64.max >> Self.randomBits)
        rawValue = life << Self.randomBits | .random(in: 1..<1 << Self.randomBits)
    }

    /// For a folder that counts no lives.
    public static func random() -> Incarnation {
        Incarnation(life: 0)
    }

    public var life: UInt32 {
        UInt32(rawValue >> Self.randomBits)
    }

    /// Whether this can be a later life than `other` of the same folder.
    public func maySucceed(_ other: Incarnation) -> Bool {
        life >= other.life
    }

    public var description: String { String(rawValue, radix: 16) }
}

extension NodeIdentity: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(name)
        writer.write(fixed: folder)
        writer.write(byte: role.rawValue)
    }

    public init(from reader: inout WireReader) throws(WireError) {
        let name = try reader.string()
        let folder = try reader.fixed()
        let rawRole = try reader.byte()
        guard let role = NodeRole(rawValue: rawRole) else { throw WireError("no node has the role \(rawRole)") }
        self.init(name: name, folder: folder, role: role)
    }
}
