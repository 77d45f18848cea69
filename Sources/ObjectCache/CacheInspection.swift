public import CacheProtocol

/// What lies in a cache's folder, as a start would find it, for an operator who has only the folder. Changes nothing, and
/// takes no lock: a node may be running on the folder.
///
/// What only the node's rules know is not told: that a record is purged, if it was not removed yet.
public struct CacheInspection: Hashable, Sendable {
    public enum Depth: Hashable, Sendable, CaseIterable {
        /// What the index checkpoint and the files' sizes say. Records written since the checkpoint count as unindexed.
        case index
        /// Every record's head and metadata are read.
        case heads
        /// Every body too, against its checksum.
        case bodies
    }

    public struct Segment: Hashable, Sendable {
        public var number: UInt32
        /// Of the file; what it occupies: bytes.
        public var length = 0
        public var allocated = 0
        /// With a whole head; 0 at the depth `index`.
        public var records = 0
        /// Records, and their bytes with heads and metadata, that a start would find.
        public var liveRecords = 0
        public var liveBytes = 0
        /// Behind what the checkpoint knows: a start reads these.
        public var unindexedBytes = 0
        /// What no record explains and is not zero; with `bodies` also the bodies that fail their checksum.
        public var damagedBytes = 0
        public var damagedRecords = 0

        public init(number: UInt32) {
            self.number = number
        }

        /// Blocks that were given back inside the file are neither.
        public var deadBytes: Int {
            max(0, min(length, allocated) - SegmentHeader.size - liveBytes - (records == 0 ? unindexedBytes : 0))
        }
    }

    public enum Checkpoint: Hashable, Sendable {
        /// A start reads every record's head.
        case absent
        case unusable
        case whole(objects: Int, bytes: Int)
    }

    /// Live records whose bytes were made at most so long ago.
    public struct AgeClass: Hashable, Sendable {
        /// Seconds; nil for everything older.
        public var atMost: Int64?
        public var records = 0
        public var bytes = 0
    }

    public var folder: String
    public var depth: Depth
    /// The process that has the folder open.
    public var holder: Int32?
    /// How often the cache was emptied; nil when the file `state` is missing or damaged: a start begins empty.
    public var epoch: UInt64?
    /// No record that was filled before this revision is used.
    public var floor = Revision.zero
    public var checkpoint = Checkpoint.absent
    public var segments: [Segment] = []
    /// Segments of before the cache was last emptied, or with a damaged head: a start removes them.
    public var foreignSegments: [String] = []
    /// At the depths `heads` and `bodies`.
    public var ages: [AgeClass] = []

    public var records: Int { segments.reduce(0) { $0 + $1.records } }
    public var liveRecords: Int { segments.reduce(0) { $0 + $1.liveRecords } }
    public var liveBytes: Int { segments.reduce(0) { $0 + $1.liveBytes } }
    public var deadBytes: Int { segments.reduce(0) { $0 + $1.deadBytes } }
    public var allocated: Int { segments.reduce(0) { $0 + $1.allocated } }
    public var damagedBytes: Int { segments.reduce(0) { $0 + $1.damagedBytes } }
    public var damagedRecords: Int { segments.reduce(0) { $0 + $1.damagedRecords } }

    init(folder: String, depth: Depth) {
        (self.folder, self.depth) = (folder, depth)
    }

    /// Blocks for as long as the disk takes.
    /// - Parameters:
    ///   - now: milliseconds since 1970, for the ages.
    ///   - progress: how many segments of how many have been read.
    /// - Throws: the folder is no cache's, or can't be read.
    public init(
        of folder: String, depth: Depth = .heads, now: Int64, progress: (Int, Int) -> Void = { _, _ in }
    ) throws(ObjectCacheError) {
        let isCache: Bool
        do throws(SystemFailure) { isCache = try CacheInspector.isCache(folder) } catch { throw .folderUnusable(folder, error) }
        guard isCache else { throw .noCache(folder) }
        do throws(SystemFailure) {
            var inspector = try CacheInspector(folder, depth, now: now)
            try inspector.readCheckpoint()
            try inspector.readSegments(progress)
            self = inspector.report
        } catch {
            throw .folderUnusable(folder, error)
        }
    }
}
