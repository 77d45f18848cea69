internal import CacheProtocol
internal import Synchronization

/// What the face (ObjectCache) and the writer thread (DiskWriter) share.
///
/// Lock order: a shard's index → rules, or files, or space. No two shards' locks are ever held at once.
final class CacheCore: Sendable {
    let configuration: ObjectCacheConfiguration
    let rules: RuleBook
    let shards: [Shard]
    let files = Mutex<[UInt32: SegmentFile]>([:])
    /// Segments without a name that somebody may hold open still: an erase must reach them too.
    let nameless = Mutex<[UInt32: WeakSegment]>([:])
    /// Dropped at the start, and not to be opened: an erase must reach them too (`drop`).
    let unopened = Mutex<Set<UInt32>>([])
    /// See OwedSegments.
    let owed = Mutex<Set<UInt32>>([])
    let space: SpaceLedger
    let due: DueErasures
    let admission: Admission
    let incidents: IncidentLog
    /// What happens too seldom to be counted per shard.
    let counts = Mutex(CacheStatistics())
    /// The next access stamp: one counter, so that shards' orders compare.
    let nextStamp = Atomic<UInt64>(1)
    /// Raised by `removeAll`: a fill that began before must not commit.
    let generation = Atomic<UInt64>(0)
    private let floorRevision = Atomic<UInt64>(0)
    let lock: FolderLock
    let changes: FileChanges

    init(
        _ configuration: ObjectCacheConfiguration, rules: RuleBook, due: [Erasure], lock: FolderLock,
        incidents: IncidentLog, changes: FileChanges
    ) {
        self.due = DueErasures(due, applied: rules.applied)
        admission = Admission(configuration)
        self.configuration = configuration
        self.rules = rules
        self.lock = lock
        self.changes = changes
        self.incidents = incidents
        let memoryBudget = configuration.memoryBytes / configuration.shards
        shards = (0..<configuration.shards).map { _ in
            Shard(memoryBudget: memoryBudget, eviction: configuration.eviction)
        }
        let extentLimit = min(configuration.objectBytes ?? configuration.diskBytes / 8, IndexEntry.extentLimit)
        space = SpaceLedger(
            Placement(
                limit: configuration.diskBytes, segmentBytes: configuration.chosenSegmentBytes,
                extentLimit: extentLimit))
    }

    /// Bytes that an erase overwrites before it gives their blocks back and lets other work come.
    var destroyedAtOnce: Int { max(4096, min(8 << 20, configuration.chosenSegmentBytes / 4)) }

    func shard(_ key: CacheKey) -> Shard {
        // Bits that the shard's own table doesn't use; mixed, so that keys which are no digests spread too.
        let mixed = (key.digest.high ^ key.digest.low) &* 0x9E37_79B9_7F4A_7C15
        return shards[Int(mixed >> 32) & (shards.count - 1)]
    }

    func stamp() -> UInt64 {
        nextStamp.wrappingAdd(1, ordering: .relaxed).oldValue
    }

    var floor: Revision {
        get { Revision(rawValue: floorRevision.load(ordering: .acquiring)) }
        set { floorRevision.store(newValue.rawValue, ordering: .releasing) }
    }

    func file(_ number: UInt32) -> SegmentFile? {
        files.withLock { $0[number] }
    }

    /// By its number, whether or not it has a name still.
    func anyFile(_ number: UInt32) -> SegmentFile? {
        file(number) ?? nameless.withLock { $0[number]?.file }
    }

    func died(_ record: DeadRecord?) {
        guard let record else { return }
        // The stamps say that the index has changed since the last checkpoint.
        _ = stamp()
        space.placement.withLock { $0.died(record) }
    }

    /// Whether a body of this size is handed out as a region of a file.
    func isFileBody(_ count: Int) -> Bool {
        count >= configuration.fileBodyBytes && configuration.verify == .whenLoaded
    }

    func count(_ change: (inout CacheStatistics) -> Void) {
        counts.withLock { change(&$0) }
    }

    /// Removes the object if it still lies where the caller saw it.
    func remove(_ key: CacheKey, at location: RecordLocation) -> Bool {
        let dead: DeadRecord? = shard(key).index.withLock { index in
            guard let slot = index.find(key), index.entry(slot).pointee.location == location else { return nil }
            return index.remove(slot)
        }
        died(dead)
        return dead != nil
    }
}

/// The placement logic behind a lock of its own; segment files report to it when their blocks come back.
final class SpaceLedger: Sendable {
    let placement: Mutex<Placement>
    /// The longest record that is taken in.
    let extentLimit: Int

    init(_ placement: sending Placement) {
        extentLimit = placement.extentLimit
        self.placement = Mutex(placement)
    }
}

/// Tells an operator of each kind of trouble once.
final class IncidentLog: Sendable {
    private let told = Mutex<Set<CacheIncident.Kind>>([])
    private let report: @Sendable (CacheIncident) -> Void

    init(_ report: @escaping @Sendable (CacheIncident) -> Void) {
        self.report = report
    }

    func note(_ kind: CacheIncident.Kind, _ description: @autoclosure () -> String) {
        guard told.withLock({ $0.insert(kind).inserted }) else { return }
        report(CacheIncident(kind: kind, description: description() + "; further ones are counted only"))
    }
}

extension ObjectCacheConfiguration {
    /// About 128 segments: few descriptors, and compaction keeps little in reserve.
    var chosenSegmentBytes: Int {
        segmentBytes ?? min(max(diskBytes / 128, 64 << 10), 256 << 20)
    }

    func validate() throws(ObjectCacheError) {
        guard folder.hasPrefix("/") else { throw .badConfiguration("the folder must be an absolute path, not \(folder)") }
        guard diskBytes >= 1 << 20 else { throw .badConfiguration("diskBytes is \(diskBytes), at least \(1 << 20) is needed") }
        guard memoryBytes >= 0, writeBehindBytes > 0, checkpointMilliseconds > 0 else {
            throw .badConfiguration("memoryBytes, writeBehindBytes and checkpointMilliseconds can't be negative or none")
        }
        guard recentKeys.map({ (1...1 << 26).contains($0) }) ?? true else {
            throw .badConfiguration("recentKeys is \(recentKeys ?? 0): 1 to \(1 << 26) is possible")
        }
        guard (1...256).contains(shards), shards.nonzeroBitCount == 1 else {
            throw .badConfiguration("shards is \(shards), which is no power of two up to 256")
        }
        guard chosenSegmentBytes >= 16 << 10, chosenSegmentBytes * 8 <= diskBytes else {
            throw .badConfiguration("segmentBytes is \(chosenSegmentBytes): 16 KiB to an eighth of diskBytes is possible")
        }
    }
}
