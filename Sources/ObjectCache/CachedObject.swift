public import CacheProtocol
internal import Synchronization

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

    /// The same for two lookups if and only if they found the same bytes.
    public var identity: ObjectIdentifier { ObjectIdentifier(record) }

    /// What the object's answers have in common (a head that is ready to send), made by the one who answers and kept as long
    /// as the object is in memory.
    public var form: AnyObject? { record.form.load()?.form }

    /// - Returns: `form`, or what somebody else was quicker to keep.
    public func keep<Form: AnyObject & Sendable>(form: Form) -> AnyObject {
        record.form.storeIfNil(KeptForm(form)).form
    }

    // Copying all of the metadata, to look at one of them, costs a hit more than to find it.
    public var bornAt: Int64 { record.metadata.bornAt }
    public var freshness: Freshness { record.metadata.freshness }
    public var isPrivate: Bool { record.metadata.isPrivate }
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

/// Of one type, which the compiler knows: a lookup of any object's costs a hit as much as to find it.
final class KeptForm: Sendable {
    let form: any AnyObject & Sendable

    init(_ form: any AnyObject & Sendable) { self.form = form }
}

/// What is known of one object: shared by the memory tier and the answers that are under way.
final class CachedRecord: Sendable {
    let metadata: ObjectMetadata
    let content: CachedBody
    let form = AtomicLazyReference<KeptForm>()

    init(metadata: ObjectMetadata, content: CachedBody) {
        self.metadata = metadata
        self.content = content
    }

    /// Strings and arrays of the metadata, the objects around them, a head for its answers, a slot of the memory tier: a fair
    /// guess.
    private static let overhead = 1152

    /// What the record weighs in the memory tier.
    var memoryCost: Int {
        switch content {
        case .memory(let bytes): bytes.storage.count + Self.overhead
        case .file: Self.overhead
        }
    }
}
