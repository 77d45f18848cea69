public import CacheProtocol

/// What an erase found here and destroyed.
public struct Reclaimed: Hashable, Sendable {
    public var revision: Revision
    /// Records, live or dead: each place on the disk that held one, so that a copy which compaction has left behind is one
    /// more, and each that waited to be written.
    public var objects: Int
    /// Their lengths on the disk, heads and metadata included.
    public var bytes: Int

    public init(revision: Revision, objects: Int = 0, bytes: Int = 0) {
        self.revision = revision
        self.objects = objects
        self.bytes = bytes
    }

    mutating func add(_ more: Reclaimed) {
        objects += more.objects
        bytes += more.bytes
    }
}

/// A record that holds bytes of a source: what `vignette where` lists.
public struct FoundRecord: Hashable, Sendable {
    public enum Tier: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
        /// On the disk and in memory too.
        case memory
        case disk
        /// Found by lookups already, waits to be written.
        case pending
        /// On the disk, found by no lookup: purged, replaced, evicted, or a copy that compaction has left.
        case dead

        public var description: String { rawValue }
    }

    public var key: CacheKey
    public var tier: Tier
    public var contentType: String
    /// Of the body.
    public var bytes: Int
    public var fillRevision: Revision
    public var entityTag: String

    public init(
        key: CacheKey, tier: Tier, contentType: String, bytes: Int, fillRevision: Revision, entityTag: String
    ) {
        self.key = key
        self.tier = tier
        self.contentType = contentType
        self.bytes = bytes
        self.fillRevision = fillRevision
        self.entityTag = entityTag
    }

    init(_ key: CacheKey, _ metadata: ObjectMetadata, bytes: Int, tier: Tier) {
        self.init(
            key: key, tier: tier, contentType: metadata.contentType, bytes: bytes, fillRevision: metadata.fillRevision,
            entityTag: metadata.entityTag)
    }
}
