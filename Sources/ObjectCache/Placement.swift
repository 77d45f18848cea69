/// Where the next record goes, and what must go before it: the eviction and compaction logic, without files or locks.
///
/// 1. `used` counts allocated blocks of every file of the cache: segments, segments that are unlinked but still read, both
///    copies of the index checkpoint, and the two small files.
/// 2. A record is appended only if `used` stays at most `limit - reserve` with it; compaction may use the reserve, which
///    holds one segment, but never goes over `limit`.
/// 3. Dead bytes are at most a fifth of the limit once `next` says append or `tidying` says nil; unless answers that still
///    read from segments which were moved leave compaction no room.
/// 4. Every action but `append`, `open` and `refuse` takes something away (an object, a segment, a dead record that was offered),
///    so asking ends.
/// 5. Space comes back at the least cost: empty segments, then the blocks of long dead records, then moving what is live.
/// 6. A disk that holds less than the limit, or no more files, gives way as under a limit: `disk` lowers the one that counts.
struct Placement {
    struct Segment: Hashable {
        var length: Int
        var live: Int
        /// Blocks that dead records and erases have given back.
        var punched = 0
        /// Less than there is while the index names records of an old checkpoint whose blocks are given back.
        var dead: Int { length - SegmentHeader.size - live - punched }
    }

    enum Action: Hashable {
        /// Append to the active segment.
        case append
        /// Start a segment, then ask again.
        case open
        /// Append no more to the active segment, then ask again.
        case seal
        /// Remove the object that the eviction policy gives up first, then ask again.
        case evict
        /// Move what is live in this segment and unlink it, then ask again.
        case compact(UInt32)
        /// Forget what is live in this segment, then ask again: the disk has no room to move it to.
        case abandon(UInt32)
        /// Nothing in this segment is live: unlink it, then ask again.
        case unlink(UInt32)
        /// Give this record's blocks back, then ask again.
        case giveBack(DeadRecord)
        case refuse
    }

    /// As configured.
    let allowance: Int
    var disk = DiskRoom()
    let segmentBytes: Int
    let extentLimit: Int
    private(set) var active: UInt32?
    private(set) var segments: [UInt32: Segment] = [:]
    private(set) var live = 0
    private(set) var dead = 0
    private var blocks = 0
    var empty: Set<UInt32> = []
    /// Dead records whose blocks are worth giving back.
    var offers: [DeadRecord] = []
    /// False once the file system has said that it keeps no holes.
    var givesBack = true
    /// Dead records must stay as they are for now.
    var holdsBack = false
    /// Segments whose files would not go.
    var stuck: Set<UInt32> = []
    /// Blocks of files that have no name any more, but readers.
    private var unlinked: [UInt32: Int] = [:]
    private(set) var unlinkedBlocks = 0
    /// Room for the checkpoint that is there and for the one that is being written.
    var indexBlocks = 0

    /// The files `lock` and `state`, the latter twice while it is replaced.
    private static let fixedBlocks = 3 * 4096
    /// Giving back a shorter record costs more time than moving what is live around it.
    private static let worthGivingBack = 16 << 10
    /// What is offered beyond waits for its segment.
    private static let offersAtMost = 1 << 17

    init(limit: Int, segmentBytes: Int, extentLimit: Int) {
        allowance = limit
        self.segmentBytes = segmentBytes
        self.extentLimit = extentLimit
    }

    /// What `used` may come to: what is configured, or less where the disk holds less.
    var limit: Int { min(allowance, disk.holds) }

    var reserve: Int { segmentBytes + 4 * 4096 }

    var used: Int { blocks + unlinkedBlocks + indexBlocks + Self.fixedBlocks }

    mutating func opened(_ number: UInt32) {
        segments[number] = Segment(length: SegmentHeader.size, live: 0)
        blocks += CacheFolder.blocks(SegmentHeader.size)
        active = number
        disk.files? -= 1
    }

    mutating func sealed() {
        if let active, segments[active]?.live == 0 { empty.insert(active) }
        active = nil
    }

    /// A segment that the start found, with what the index knows to be live in it.
    /// - Parameter allocated: what the file occupies.
    mutating func recovered(_ number: UInt32, length: Int, allocated: Int, live found: Int) {
        let punched = CacheFolder.blocks(length) - allocated
        let segment = Segment(length: length, live: found, punched: punched)
        segments[number] = segment
        blocks += CacheFolder.blocks(length) - punched
        live += segment.live
        dead += segment.dead
        if found == 0 { empty.insert(number) }
    }

    /// Append to this one again, after a start.
    mutating func reactivated(_ number: UInt32) {
        active = number
        empty.remove(number)
    }

    /// The record is in the active segment and counts as live until `died`.
    /// - Returns: where it lies.
    mutating func appended(_ extent: Int) -> RecordLocation? {
        guard let active, let segment = segments[active] else { return nil }
        blocks += CacheFolder.blocks(segment.length + extent) - CacheFolder.blocks(segment.length)
        segments[active]?.length += extent
        segments[active]?.live += extent
        live += extent
        return RecordLocation(segment: active, offset: segment.length)
    }

    mutating func died(_ record: DeadRecord) {
        let number = record.location.segment
        guard let segment = segments[number] else { return }
        let bytes = min(record.extent, segment.live)
        segments[number]?.live -= bytes
        live -= bytes
        dead += bytes
        if segment.live == bytes, number != active, !stuck.contains(number) { empty.insert(number) }
        offered(record)
    }

    /// The dead record's blocks may be given back.
    mutating func offered(_ record: DeadRecord) {
        guard record.extent >= Self.worthGivingBack, !record.isHandedOut, givesBack, offers.count < Self.offersAtMost,
            segments[record.location.segment] != nil
        else { return }
        offers.append(record)
    }

    /// The index is empty. What was removed from it a moment ago may still be told by `died`.
    mutating func emptied() {
        for (number, segment) in segments {
            segments[number]?.live = 0
            dead += segment.live
            if !stuck.contains(number) { empty.insert(number) }
        }
        (live, active) = (0, nil)
    }

    /// The name is gone; the blocks come back with `released`.
    mutating func unlinked(_ number: UInt32) {
        guard let segment = segments.removeValue(forKey: number) else { return }
        empty.remove(number)
        if active == number { active = nil }
        live -= segment.live
        dead -= segment.dead
        let allocated = CacheFolder.blocks(segment.length) - segment.punched
        blocks -= allocated
        unlinked[number] = allocated
        unlinkedBlocks += allocated
    }

    /// Blocks inside the file were given back. Fewer than none if the file system needs new ones to know which.
    mutating func punched(_ number: UInt32, bytes: Int) {
        if let segment = segments[number] {
            let bytes = min(bytes, CacheFolder.blocks(segment.length) - segment.punched)
            segments[number]?.punched += bytes
            blocks -= bytes
            dead -= bytes
        } else if let kept = unlinked[number] {
            unlinked[number] = max(0, kept - bytes)
            unlinkedBlocks -= min(kept, bytes)
        }
    }

    /// The file can't be unlinked: its blocks go on counting, and it isn't asked for again.
    mutating func keptInPlace(_ number: UInt32) {
        empty.remove(number)
        stuck.insert(number)
    }

    /// Ask for the files that would not go once more.
    mutating func unstick() {
        for number in stuck where segments[number]?.live == 0 && number != active { empty.insert(number) }
        stuck = []
    }

    /// - Parameters:
    ///   - free: bytes and files that the file system says it has left.
    ///   - checkpoint: the blocks of the one that is in place; those of the next are not on the disk yet.
    mutating func measured(_ free: (bytes: Int, files: Int?), checkpoint: Int) {
        disk.measured = max(0, blocks + unlinkedBlocks + checkpoint + free.bytes - DiskRoom.slack)
        disk.files = free.files
    }

    /// A write found the disk full, whatever the file system says it has left.
    mutating func foundFull() {
        disk.foundFull = max(0, min(limit, used - indexBlocks) - DiskRoom.slack)
    }

    /// Perhaps there is more room by now.
    mutating func tryMore() {
        guard let full = disk.foundFull else { return }
        disk.foundFull = full + segmentBytes < allowance ? full + segmentBytes : nil
    }

    mutating func released(_ number: UInt32) {
        unlinkedBlocks -= unlinked.removeValue(forKey: number) ?? 0
    }
}
