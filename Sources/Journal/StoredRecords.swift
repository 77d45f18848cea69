public import CacheProtocol

/// What the journal still has of an entry.
public struct JournalRecord: Hashable, Sendable {
    /// Of a folded one the command's kind and the kind of its scope are left, with nothing in it.
    public var entry: JournalEntry
    public var isFolded: Bool
    /// When an erase's bytes were gone from every member: milliseconds since 1970.
    public var removedAt: Int64?

    public init(entry: JournalEntry, isFolded: Bool, removedAt: Int64?) {
        self.entry = entry
        self.isFolded = isFolded
        self.removedAt = removedAt
    }
}

public struct StoredGrant: Hashable, Sendable {
    /// Drawn at random: a renewal is a grant of its own.
    public typealias Serial = UInt64

    public var serial: Serial
    public var node: NodeIdentity
    public var incarnation: Incarnation
    public var grant: Grant

    public init(serial: Serial, node: NodeIdentity, incarnation: Incarnation, grant: Grant) {
        self.serial = serial
        self.node = node
        self.incarnation = incarnation
        self.grant = grant
    }
}

/// A folder's report that an erase's bytes are gone.
public struct StoredRemoval: Hashable, Sendable {
    public var folder: UInt64
    public var report: RemovalReport

    public init(folder: UInt64, report: RemovalReport) {
        self.folder = folder
        self.report = report
    }
}
