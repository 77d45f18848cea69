public import CacheProtocol

/// An object as a lookup found it. As long as the value lives, its bytes do, whatever is purged or evicted meanwhile.
public struct CachedObject: Sendable {
    let record: CachedRecord
    /// The soft purge that made the object stale: it may be revalidated, or served where staleness is allowed.
    public let staleBy: Revision?

    init(_ record: CachedRecord, staleBy: Revision? = nil) {
        self.record = record
        self.staleBy = staleBy
    }

    /// An object that no cache holds.
    public init(metadata: ObjectMetadata, body: SharedBytes) {
        self.init(CachedRecord(metadata: metadata, content: .memory(body)))
    }

    public var metadata: ObjectMetadata { record.metadata }

    public var body: CachedBody { record.content }

    /// The same for two lookups if and only if they found the same bytes: what is derived from an object (a head that is
    /// ready to send) may be kept as long as this stays.
    public var identity: ObjectIdentifier { ObjectIdentifier(record) }
}

/// Where a body lies.
public enum CachedBody: Sendable {
    case memory(SharedBytes)
    case file(FileRegion)

    public var count: Int {
        switch self {
        case .memory(let bytes): bytes.count
        case .file(let region): region.count
        }
    }

    /// Reads a file body whole and checks it. Blocks on the disk.
    public func bytes() throws(ObjectCacheError) -> SharedBytes {
        switch self {
        case .memory(let bytes): bytes
        case .file(let region): try region.bytes()
        }
    }
}

/// What is known of one object: shared by the memory tier and the answers that are under way.
final class CachedRecord: Sendable {
    let metadata: ObjectMetadata
    let content: CachedBody

    init(metadata: ObjectMetadata, content: CachedBody) {
        self.metadata = metadata
        self.content = content
    }

    /// Strings and arrays of the metadata, the objects around them, a slot of the memory tier: a fair guess.
    private static let overhead = 640

    /// What the record weighs in the memory tier.
    var memoryCost: Int {
        switch content {
        case .memory(let bytes): bytes.storage.count + Self.overhead
        case .file: Self.overhead
        }
    }
}
