internal import CacheProtocol
internal import Synchronization

/// One pass over all that the cache holds, in search of some sources' records: to destroy them, or to list them. Steps of
/// it run on the writer thread, between its other work.
///
///   index (what is in memory or waits to be written) → every segment's heads → a checkpoint that doesn't name what goes
///   → zeros → the folder synced
///
/// 1. The pass covers what lies in the segments as it begins. Nothing that it looks for is written later: stores are checked
///    against the rules under the shard's lock, and a segment is finished here before compaction moves anything out of it.
/// 2. What is overwritten was taken out of the index, and out of the checkpoint, before: neither a lookup nor a start meets
///    zeros where it expects a record. (When compaction could not wait for the checkpoint, the segment goes right after.)
/// 3. A record that the matcher does not mean is never written to: an answer may be reading it.
final class SourceWalk {
    enum Purpose {
        case reclaim([Erasure], CheckedContinuation<Result<[Reclaimed], ObjectCacheError>, Never>)
        case find(CheckedContinuation<Result<[FoundRecord], ObjectCacheError>, Never>)
        /// Of one segment only, which is about to go: `finish` does it.
        case release([Erasure])
    }

    enum Step { case goesOn, wantsCheckpoint, isDone }

    private struct Target {
        var number: UInt32
        /// What is appended behind belongs to later fills.
        var end: Int
    }

    private struct Visit {
        var file: SegmentFile
        var scan: SegmentScan
        var doomed: [Range<Int>] = []
    }

    private let core: CacheCore
    private let purpose: Purpose
    private let matcher: SourceMatcher
    private var shard = 0
    private var slot: UInt32 = 0
    private var targets: [Target]?
    private var visit: Visit?
    private var doomed: [(number: UInt32, ranges: [Range<Int>])] = []
    private var hasCheckpoint = false
    private var reclaimed: [Reclaimed] = []
    private var found: [FoundRecord] = []
    private var failure: SystemFailure?

    /// Slots looked at under one lock, and heads read in one step.
    private static let slots: UInt32 = 512
    private static let heads = 256

    init(_ core: CacheCore, _ purpose: Purpose, _ matcher: SourceMatcher) {
        self.core = core
        self.purpose = purpose
        self.matcher = matcher
        reclaimed = erases.map { Reclaimed(revision: $0.revision) }
    }

    private var erases: [Erasure] {
        switch purpose {
        case .reclaim(let erases, _), .release(let erases): erases
        case .find: []
        }
    }

    private var destroys: Bool {
        if case .find = purpose { false } else { true }
    }

    var isFailed: Bool { failure != nil }
    /// Nothing was overwritten: the segment stays for the walk that is still to be asked for.
    private(set) var isPutOff = false

    /// What it destroys in every segment there is, unless it has failed.
    var covered: Set<Revision> {
        if case .reclaim(let erases, _) = purpose, failure == nil { Set(erases.map(\.revision)) } else { [] }
    }

    func step() -> Step {
        do throws(SystemFailure) {
            return try next()
        } catch {
            fail(error)
            return .isDone
        }
    }

    private func fail(_ error: SystemFailure) {
        failure = failure ?? error
        // Of these a scan may not see all again.
        for (number, ranges) in doomed { core.anyFile(number)?.unsure.withLock { $0 += ranges } }
        doomed = []
    }

    private func next() throws(SystemFailure) -> Step {
        if failure != nil { return .isDone }
        if shard < core.shards.count {
            visitSlots()
            return .goesOn
        }
        let hasVisit = if visit == nil { try nextVisit() } else { true }
        if hasVisit {
            try visitHeads(atMost: Self.heads)
            return .goesOn
        }
        guard destroys else { return .isDone }
        if !hasCheckpoint {
            hasCheckpoint = true
            return doomed.isEmpty ? .goesOn : .wantsCheckpoint
        }
        if try destroyNext() { return .goesOn }
        // A segment unlinked before this walk may come back with a power cut, unless its name's end is durable.
        try core.changes.syncFolder(core.configuration.folder)
        return .isDone
    }

    /// Tells whoever asked.
    func end() {
        if let failure {
            core.count { $0.writeFailures += 1 }
            core.incidents.note(.reclaimFailed, "\(failure); the erase was not carried out and will be tried again")
        }
        switch purpose {
        case .reclaim(_, let waiter):
            waiter.resume(returning: failure.map { .failure(.notDestroyed($0)) } ?? .success(core.due.settle(reclaimed)))
        case .release:
            if failure == nil, !isPutOff { core.due.count(reclaimed) }
        case .find(let waiter):
            waiter.resume(returning: failure.map { .failure(.unreadable("\($0)")) } ?? .success(found))
        }
    }

    func refuse() {
        switch purpose {
        case .reclaim(_, let waiter): waiter.resume(returning: .failure(.closed))
        case .find(let waiter): waiter.resume(returning: .failure(.closed))
        case .release: break
        }
    }

    /// Does all that there is to do in one segment, because it is about to go.
    func finish(_ number: UInt32) {
        guard failure == nil else { return }
        do throws(SystemFailure) {
            try finishOrThrow(number)
        } catch {
            fail(error)
        }
    }

    private func finishOrThrow(_ number: UInt32) throws(SystemFailure) {
        guard targets != nil else {
            // Alone: the others are listed once the index is done, when nothing that matches is written any more.
            guard let file = core.anyFile(number) else { return }
            visit = Visit(file: file, scan: SegmentScan(file, from: SegmentHeader.size, to: try file.status().length))
            while visit != nil { try visitHeads(atMost: .max) }
            if destroys { try destroyAll(in: number) }
            return
        }
        let current = visit
        if current?.file.number != number {
            guard let place = targets?.firstIndex(where: { $0.number == number }) else {
                return try destroyAll(in: number)
            }
            guard let target = targets?.remove(at: place), let file = core.anyFile(number) else { return }
            visit = Visit(file: file, scan: SegmentScan(file, from: SegmentHeader.size, to: target.end))
        }
        while visit?.file.number == number { try visitHeads(atMost: .max) }
        if current?.file.number != number { visit = current }
        if destroys { try destroyAll(in: number) }
    }

    // MARK: The index

    private func visitSlots() {
        let (first, number) = (slot, shard)
        let (end, isLast, dead) = core.shards[number].index.withLock { index -> (UInt32, Bool, [DeadRecord]) in
            var dead: [DeadRecord] = []
            let end = min(first + Self.slots, index.slab.used)
            for slot in first..<max(first, end) where index.slab.isUsed(slot) {
                guard let record = index.record(slot), let match = matcher.first(matching: record.metadata) else { continue }
                let entry = index.entry(slot).pointee
                if entry.location == nil { note(entry.key, record, match, extent: entry.extent) }
                // The writer drops a pending record that the index doesn't know.
                if destroys, let place = index.remove(slot) { dead.append(place) }
            }
            return (end, end >= index.slab.used, dead)
        }
        for record in dead { core.died(record) }
        (shard, slot) = isLast ? (number + 1, 0) : (number, end)
    }

    private func note(_ key: CacheKey, _ record: CachedRecord, _ match: Int, extent: Int) {
        if destroys {
            count(match, extent)
        } else {
            found.append(FoundRecord(key, record.metadata, bytes: record.content.count, tier: .pending))
        }
    }

    private func count(_ match: Int, _ extent: Int) {
        reclaimed[match].objects += 1
        reclaimed[match].bytes += extent
    }

    // MARK: Segments

    private func listTargets() throws(SystemFailure) {
        try core.openDropped()
        let named = core.files.withLock { Array($0.values) }
        let nameless = core.nameless.withLock { $0.values.compactMap(\.file) }
        var ends: [Target] = []
        for file in named + nameless { ends.append(Target(number: file.number, end: try file.status().length)) }
        targets = ends.sorted { $0.number > $1.number }
    }

    /// - Returns: false when every segment has been visited.
    private func nextVisit() throws(SystemFailure) -> Bool {
        if targets == nil { try listTargets() }
        while let target = targets?.popLast() {
            // Closed meanwhile: nobody reads it any more, and it has no name.
            guard let file = core.anyFile(target.number) else { continue }
            visit = Visit(file: file, scan: SegmentScan(file, from: SegmentHeader.size, to: target.end))
            return true
        }
        return false
    }

    private func visitHeads(atMost limit: Int) throws(SystemFailure) {
        guard var visit else { return }
        // Moved out and in again, so that the scan's window is not copied.
        self.visit = nil
        var count = 0
        while count < limit {
            guard let record = try visit.scan.next() else { return try leave(visit) }
            count += 1
            guard matcher.mayMatch(record.head) else { continue }
            let place = RecordLocation(segment: visit.file.number, offset: record.offset)
            guard let metadata = visit.scan.metadata(of: record) else {
                // No lookup can read it either, so that nobody can say what it is of.
                doom(record, at: place, in: &visit)
                continue
            }
            guard let match = matcher.first(matching: metadata) else { continue }
            if destroys {
                doom(record, at: place, in: &visit)
                self.count(match, record.head.extent)
            } else {
                found.append(
                    FoundRecord(
                        record.head.key, metadata, bytes: record.head.bodyLength, tier: tier(record.head.key, at: place)))
            }
        }
        self.visit = visit
    }

    private func doom(_ record: SegmentScan.Record, at place: RecordLocation, in visit: inout Visit) {
        guard destroys else { return }
        _ = core.remove(record.head.key, at: place)
        visit.doomed.append(record.range)
    }

    private func tier(_ key: CacheKey, at place: RecordLocation) -> FoundRecord.Tier {
        core.shard(key).index.withLock { index in
            guard let slot = index.find(key), index.entry(slot).pointee.location == place else { return .dead }
            return index.record(slot) == nil ? .disk : .memory
        }
    }

    /// The segment's end: what nobody can name goes too.
    private func leave(_ visit: Visit) throws(SystemFailure) {
        guard destroys else { return }
        // Until a gap is durable, or what an earlier walk has overwritten, a power cut can bring back what was there, which this
        // walk does not see.
        let unsure = try visit.file.settle(visit.scan.unclaimed)
        let (number, debris) = (visit.file.number, visit.scan.debris)
        if !debris.isEmpty { forget(debris, in: number) }
        let meant = visit.doomed + debris
        if !meant.isEmpty, mustWait(for: visit.file) {
            isPutOff = true
            return visit.file.unsure.withLock { $0 += unsure }
        }
        let ranges = SourceWalk.merged(meant + unsure)
        if !ranges.isEmpty { doomed.append((number, ranges)) }
    }

    /// Whether an answer may be sending what an erase means that was only heard of yet. No later one can: what is meant has left
    /// the index.
    private func mustWait(for file: SegmentFile) -> Bool {
        guard case .release(let erases) = purpose else { return false }
        return file.isHandedOut.load(ordering: .relaxed) && !core.due.areAsked(erases)
    }

    /// Objects whose heads were damaged while we had them open: rare, so a walk over the index may find them.
    private func forget(_ debris: [Range<Int>], in number: UInt32) {
        var count = 0
        for shard in core.shards {
            let dead = shard.index.withLock { index in
                index.removeAll { entry in
                    guard let place = entry.location, place.segment == number else { return false }
                    return debris.contains { $0.overlaps(place.offset..<place.offset + entry.extent) }
                }
            }
            for record in dead { core.died(record) }
            count += dead.count
        }
        guard count > 0 else { return }
        core.count { $0.corruptions += count }
        core.incidents.note(.corruptSegment, "segment \(number) has damaged heads; the records behind them were dropped")
    }

    static func merged(_ ranges: [Range<Int>]) -> [Range<Int>] {
        var merged: [Range<Int>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.indices.last, merged[last].upperBound >= range.lowerBound {
                merged[last] = merged[last].lowerBound..<max(merged[last].upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        return merged
    }

    // MARK: Zeros

    /// - Returns: false when nothing is left.
    private func destroyNext() throws(SystemFailure) -> Bool {
        guard let last = doomed.indices.last else { return false }
        try destroyPart(of: last)
        return true
    }

    private func destroyAll(in number: UInt32) throws(SystemFailure) {
        while let place = doomed.firstIndex(where: { $0.number == number }) { try destroyPart(of: place) }
    }

    /// Of one segment, in parts: zeros over what has no blocks take some, until they are given back.
    private func destroyPart(of place: Int) throws(SystemFailure) {
        var (part, bytes): ([Range<Int>], Int) = ([], 0)
        while bytes < core.destroyedAtOnce, let range = doomed[place].ranges.popLast() {
            // Cut at a block, so that what is left is whole blocks too.
            let cut = max(range.lowerBound, (range.upperBound - (core.destroyedAtOnce - bytes)) & ~4095)
            part.append(cut..<range.upperBound)
            bytes += range.upperBound - cut
            if cut > range.lowerBound { doomed[place].ranges.append(range.lowerBound..<cut) }
        }
        let (number, isLast) = (doomed[place].number, doomed[place].ranges.isEmpty)
        if isLast { doomed.remove(at: place) }
        guard let file = core.anyFile(number) else { return }
        try core.destroy(part, in: file)
        if isLast { file.noteSure() }
    }
}

extension CacheCore {
    /// Overwrites, gives back, and counts it.
    func destroy(_ ranges: [Range<Int>], in file: SegmentFile) throws(SystemFailure) {
        let before = try file.status().allocated
        var failure: SystemFailure?
        do throws(SystemFailure) { try file.destroy(ranges) } catch { failure = error }
        // Where it broke off, too: zeros over what had no blocks have taken some.
        let freed = before - (try file.status().allocated)
        if freed != 0 { space.placement.withLock { $0.punched(file.number, bytes: freed) } }
        if let failure { throw failure }
        count { $0.bytesDestroyed += ranges.reduce(0) { $0 + $1.count } }
    }
}
