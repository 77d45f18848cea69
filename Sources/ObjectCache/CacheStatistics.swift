/// Counts since the start (monotonic) and the state of now.
public struct CacheStatistics: Sendable {
    // Lookups.
    public var memoryHits = 0
    public var diskHits = 0
    /// Of the hits.
    public var staleHits = 0
    /// Of every reason.
    public var misses = 0
    public var refusals = 0
    public var corruptions = 0
    public var readFailures = 0
    // Stores.
    public var stores = 0
    public var storesRefused = 0
    public var storesOverloaded = 0
    /// No room could be made, or the object is larger than allowed.
    public var storesWithoutRoom = 0
    /// Filled for the first time, under second-request admission.
    public var storesNotAdmitted = 0
    /// The disk failed, or had failed a moment before and was not asked.
    public var storesUnwritten = 0
    public var writeFailures = 0
    public var evictions = 0
    /// Of them, those that went with their whole segment, whatever their age: there was no room to move them to.
    public var evictionsOutOfOrder = 0
    public var recordsWritten = 0
    public var bytesWritten = 0
    /// Records that compaction moved, and their bytes: write amplification is (written + moved) / written.
    public var recordsMoved = 0
    public var bytesMoved = 0
    /// Blocks of dead records, given back without moving what is live around them.
    public var bytesGivenBack = 0
    /// Of erased records, overwritten with zeros.
    public var bytesDestroyed = 0
    public var checkpoints = 0
    /// Of all checkpoints.
    public var bytesCheckpointed = 0
    public var lastCheckpointMilliseconds = 0
    // Now.
    public var objects = 0
    /// Of records that lookups can find.
    public var liveBytes = 0
    /// In segments, of records that no lookup finds any more.
    public var deadBytes = 0
    /// What the limit is compared with: all files' blocks.
    public var diskBytes = 0
    public var diskLimit = 0
    /// What the cache keeps to now: the limit, or less where the disk holds less.
    public var diskEffectiveLimit = 0
    public var segments = 0
    public var memoryBytes = 0
    public var pendingBytes = 0
    /// Tables and links of the index, and what admission remembers, as allocated.
    public var indexBytes = 0
    /// Objects that the start found.
    public var recoveredObjects = 0
    public var recoveryMilliseconds = 0

    public init() {}
}
