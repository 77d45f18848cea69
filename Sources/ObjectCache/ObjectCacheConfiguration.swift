/// How one cache is kept. Sizes are bytes.
public struct ObjectCacheConfiguration: Sendable {
    /// The cache's own folder; made when it is missing. Nothing else may lie in it.
    public var folder: String
    /// What the folder's files may occupy on the disk: blocks, temporary files and dead space included. At least 1 MiB.
    public var diskBytes: Int
    /// What the memory tier may hold of records that are on the disk too. 0 turns it off.
    public var memoryBytes: Int
    /// What records that wait to be written may hold of memory. When the disk falls behind by more, fills are served and not stored.
    public var writeBehindBytes: Int
    /// Locks that lookups are spread over. A power of two, at most 256.
    public var shards: Int
    /// When the writer starts the next segment file; nil chooses by `diskBytes`. A larger object gets a segment of its own.
    public var segmentBytes: Int?
    /// A larger object is served and not stored; nil means an eighth of `diskBytes`.
    public var objectBytes: Int?
    /// Bodies from this size on are handed out as a region of a file (`sendfile`), smaller ones as bytes in memory.
    public var fileBodyBytes: Int
    public var verify: Verification
    /// Milliseconds from one checkpoint of the index to the next: how much recency a kill can cost.
    public var checkpointMilliseconds: Int

    /// Fills under way at once (`ObjectCache.object`); one more is refused.
    public var maximumFills: Int
    public var eviction: EvictionPolicy
    public var admission: AdmissionPolicy
    /// Keys that second-request admission remembers at the least, 10.7 bytes each; nil chooses by `diskBytes`.
    public var recentKeys: Int?

    public enum Verification: Sendable {
        /// Smaller bodies whenever they are read from the disk; file bodies at their first read after a start.
        case whenLoaded
        /// Every body at every read from the disk; nothing is handed out as a file.
        case always
    }

    public init(
        folder: String, diskBytes: Int, memoryBytes: Int = 256 << 20, writeBehindBytes: Int = 64 << 20,
        shards: Int = 32, segmentBytes: Int? = nil, objectBytes: Int? = nil, fileBodyBytes: Int = 64 << 10,
        verify: Verification = .whenLoaded, checkpointMilliseconds: Int = 10_000, maximumFills: Int = 512,
        eviction: EvictionPolicy = .lru, admission: AdmissionPolicy = .always, recentKeys: Int? = nil
    ) {
        self.folder = folder
        self.diskBytes = diskBytes
        self.memoryBytes = memoryBytes
        self.writeBehindBytes = writeBehindBytes
        self.shards = shards
        self.segmentBytes = segmentBytes
        self.objectBytes = objectBytes
        self.fileBodyBytes = fileBodyBytes
        self.verify = verify
        self.checkpointMilliseconds = checkpointMilliseconds
        self.maximumFills = maximumFills
        self.eviction = eviction
        self.admission = admission
        self.recentKeys = recentKeys
    }
}
