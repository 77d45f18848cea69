internal import CacheProtocol
internal import Glibc
internal import Synchronization

/// The start: from what lies in the folder to an index. Nothing else runs yet.
///
///   state → segments of its epoch → checkpoint → scan of what the checkpoint doesn't know → order of use → space
struct Recovery {
    struct Outcome {
        var state: CacheState
        var nextNumber: UInt32
        var nextStamp: UInt64
        /// Whether the checkpoint in place doesn't say what the index does.
        var needsCheckpoint: Bool
        var checkpointBytes: Int
    }

    struct Found {
        var file: SegmentFile
        var length: Int
        var allocated: Int
        /// Up to here the checkpoint knows it.
        var known = SegmentHeader.size
        /// Whether its end is where we believe it to be, so that something may be appended.
        var isWhole = true
    }

    let core: CacheCore
    let folder: String
    var state: CacheState
    var found: [Found] = []
    var greatestNumber: UInt32 = 0
    /// Segments of which less is there than the checkpoint states, cut behind their last record: where they end now.
    private var shortened: [UInt32: Int] = [:]
    private var greatestStamp: UInt64 = 0
    private var handStamp: UInt64 = 0
    private var needsCheckpoint = true
    private var checkpointBytes = 0

    static func run(_ core: CacheCore) throws(ObjectCacheError) -> Outcome {
        let start = MonotonicTime.now()
        var recovery: Recovery
        do throws(SystemFailure) {
            recovery = try Recovery(core)
            recovery.loadCheckpoint()
            recovery.scanTheRest()
        } catch {
            throw .folderUnusable(core.configuration.folder, error)
        }
        recovery.order()
        recovery.countSpace()
        let objects = core.shards.reduce(0) { sum, shard in sum + shard.index.withLock { $0.count } }
        core.count {
            $0.recoveredObjects = objects
            $0.recoveryMilliseconds = MonotonicTime.now().milliseconds(since: start)
        }
        return Outcome(
            state: recovery.state, nextNumber: recovery.greatestNumber + 1,
            nextStamp: core.nextStamp.load(ordering: .relaxed),
            needsCheckpoint: recovery.needsCheckpoint, checkpointBytes: recovery.checkpointBytes)
    }

    private init(_ core: CacheCore) throws(SystemFailure) {
        self.core = core
        folder = core.configuration.folder
        state = CacheState(epoch: 1, floor: .zero)
        core.syncNames()
        let names = try CacheFolder.names(in: folder)
        for name in names where name.hasSuffix(".new") { core.changes.unlink(folder + "/" + name) }
        let saved = try savedState()
        if let saved { state = saved }
        let numbers = names.compactMap(CacheFolder.segmentNumber)
        let owed = CacheCore.owed(among: names)
        core.owed.withLock { $0 = owed }
        for number in owed where !numbers.contains(number) { core.settle(owed: number) }
        for name in names {
            guard let number = CacheFolder.number(in: name, behind: "unsure-"), !numbers.contains(number) else { continue }
            core.changes.unlink(folder + "/" + name)
        }
        for number in numbers { try open(number, isLast: number == numbers.last, unlessUnknown: saved != nil) }
        if saved == nil {
            core.changes.unlink(IndexCheckpoint.path(in: folder))
            try AtomicFile.replace(CacheState.path(in: folder), with: state.bytes, core.changes)
        }
        core.floor = state.floor
    }

    // MARK: Objects

    private mutating func loadCheckpoint() {
        let path = IndexCheckpoint.path(in: folder)
        var isDamaged = false
        do throws(SystemFailure) {
            guard let reader = try CheckpointReader.open(path, epoch: state.epoch, isDamaged: &isDamaged) else {
                if isDamaged {
                    core.count { $0.corruptions += 1 }
                    core.incidents.note(.corruptCheckpoint, "\(path) is damaged or of another version; scanning instead")
                }
                return
            }
            try load(reader)
        } catch {
            core.count { $0.readFailures += 1 }
            core.incidents.note(.readFailed, "\(error); scanning instead")
            // What was read of it may name what the scan does not find, where appending may go on.
            for shard in core.shards { shard.index.withLock { $0.removeAll() } }
            for place in found.indices { found[place].known = SegmentHeader.size }
        }
    }

    private mutating func load(_ reader: CheckpointReader) throws(SystemFailure) {
        checkpointBytes = reader.length
        greatestStamp = reader.head.nextStamp
        handStamp = reader.head.hand
        var ends: [UInt32: Int] = [:]
        for segment in reader.head.segments {
            guard let place = found.firstIndex(where: { $0.file.number == segment.number }),
                found[place].file.nonce == segment.nonce
            else { continue }
            found[place].known = segment.length
            ends[segment.number] = min(segment.length, found[place].length)
        }
        let trusted = trustedChecks(of: reader.head)
        let (floor, applied) = (state.floor, core.rules.applied)
        for shard in core.shards {
            shard.index.withLock { $0.reserve(reader.entries / core.shards.count * 17 / 16) }
        }
        var damaged = 0
        try reader.forEach { entry in
            guard let location = entry.location, let end = ends[location.segment], entry.fillAtMost >= floor,
                entry.fillAtMost <= applied
            else { return }
            guard entry.extent > 0, location.offset + entry.extent <= end else {
                damaged += 1
                return
            }
            var entry = entry
            entry.checkedThrough = min(entry.checkedThrough, trusted)
            // Used while the checkpoint was being written.
            greatestStamp = max(greatestStamp, entry.stamp)
            core.shard(entry.key).index.withLock { $0.insertUnordered(entry) }
        }
        needsCheckpoint = false
        guard damaged > 0 else { return }
        core.count { $0.corruptions += damaged }
        core.incidents.note(.corruptSegment, "segments are shorter than they were; \(damaged) objects were dropped")
    }

    /// The revision through which "has been checked" in the checkpoint says something about the rules of today. A rule book
    /// that is behind the checkpoint, or elsewhere, may get other commands under the same revisions.
    private func trustedChecks(of head: IndexCheckpoint.Head) -> Revision {
        let position = core.rules.position
        if position.applied < head.applied { return .zero }
        if position.applied == head.applied, position.chain.bytes != head.chain { return .zero }
        return head.applied
    }

    private mutating func scanTheRest() {
        for place in found.indices {
            let segment = found[place]
            // Shorter than the checkpoint says: all that is there is known, but for the end.
            let isShort = segment.known > segment.length
            if isShort { needsCheckpoint = true }
            var scan = SegmentScan(segment.file, from: isShort ? SegmentHeader.size : segment.known, to: segment.length)
            do throws(SystemFailure) {
                while let record = try scan.next() { if !isShort { take(record, in: segment.file.number) } }
                if scan.cleanEnd < segment.length {
                    // Torn by a power cut. What is appended, now or after the next one has taken the segments behind this one,
                    // must be found by every scan, and lie under no record that seems whole once the file is longer.
                    needsCheckpoint = true
                    if isShort { shortened[segment.file.number] = scan.cleanEnd }
                    try segment.file.cut(scan.cleanEnd..<segment.length, isOverwritten: !core.due.isEmpty)
                    found[place].length = scan.cleanEnd
                    found[place].allocated = try segment.file.status().allocated
                }
            } catch {
                core.count { $0.readFailures += 1 }
                core.incidents.note(.readFailed, "\(error); the records behind were not found")
                found[place].isWhole = false
            }
        }
    }

    /// What the checkpoint names where a file was cut: it is torn too, and something else will lie in its place.
    private func forgetWhatWasCut() {
        guard !shortened.isEmpty else { return }
        for shard in core.shards {
            _ = shard.index.withLock { index in
                index.removeAll { entry in
                    guard let location = entry.location, let end = shortened[location.segment] else { return false }
                    return location.offset + entry.extent > end
                }
            }
        }
    }

    private mutating func take(_ record: SegmentScan.Record, in segment: UInt32) {
        needsCheckpoint = true
        let fill = Revision(rawValue: record.head.fillRevision)
        // Nothing that claims to be newer than the rules that were recovered: other commands may get those revisions.
        guard fill >= state.floor, fill <= core.rules.applied else { return }
        greatestStamp = max(greatestStamp, record.head.stamp)
        var entry = IndexEntry(
            key: record.head.key, stamp: record.head.stamp, extent: record.head.extent, fill: fill, checkedThrough: .zero)
        entry.location = RecordLocation(segment: segment, offset: record.offset)
        core.shard(entry.key).index.withLock { $0.insertUnordered(entry) }
    }

    // MARK: Order and space

    private func order() {
        for shard in core.shards { shard.index.withLock { $0.sortByStamp(handStamp: handStamp) } }
        forgetWhatWasCut()
        core.nextStamp.store(greatestStamp + 1, ordering: .relaxed)
    }

    private func countSpace() {
        var live: [UInt32: Int] = [:]
        for shard in core.shards {
            shard.index.withLock { index in
                for slot in 0..<index.slab.used where index.slab.isUsed(slot) {
                    live[index.slab[slot].pointee.segment, default: 0] += index.slab[slot].pointee.extent
                }
            }
        }
        core.space.placement.withLock { placement in
            for segment in found {
                placement.recovered(
                    segment.file.number, length: segment.length, allocated: segment.allocated,
                    live: live[segment.file.number] ?? 0)
            }
            if let last = found.last, last.isWhole, last.length % RecordFormat.alignment == 0,
                last.length < placement.segmentBytes
            {
                placement.reactivated(last.file.number)
            }
        }
    }
}
