public import CacheProtocol
internal import Synchronization

public struct SweepResult: Hashable, Sendable {
    /// Every object that is left has been checked against the rules through this revision.
    public var through = Revision.zero
    public var removed = 0

    public init() {}
}

extension ObjectCache {
    /// Checks every object that has not been checked against all applied rules, and removes those that they forbid.
    /// Takes as long as the disk does, on a thread of its own; lookups go on meanwhile.
    @discardableResult
    public func sweep() async -> SweepResult {
        await withCheckedContinuation { waiter in
            OwnThread.start { [core, queue] in
                var sweep = Sweep(core)
                sweep.run()
                // What it removed is to be given back, though nothing may be stored for long.
                queue.bell.ring()
                waiter.resume(returning: sweep.result)
            }
        }
    }
}

/// One walk over the index.
private struct Sweep {
    private let core: CacheCore
    private let target: Revision
    var result = SweepResult()
    /// Slots that are looked at under one lock.
    private static let step: UInt32 = 512

    private struct Candidate {
        var key: CacheKey
        var location: RecordLocation
        var extent: Int
        var file: SegmentFile
    }

    init(_ core: CacheCore) {
        self.core = core
        target = core.rules.applied
        result.through = target
    }

    mutating func run() {
        for shard in core.shards {
            var slot: UInt32 = 0
            while true {
                let (next, onDisk, dead, isDone) = visit(shard, from: slot)
                for record in dead { core.died(record) }
                for candidate in onDisk { check(candidate, in: shard) }
                if isDone { break }
                slot = next
            }
        }
    }

    private mutating func visit(
        _ shard: Shard, from start: UInt32
    ) -> (next: UInt32, onDisk: [Candidate], dead: [DeadRecord], isDone: Bool) {
        let (target, step) = (target, Self.step)
        let (visit, removed) = shard.index.withLock { [core] index in
            var (onDisk, dead): ([Candidate], [DeadRecord]) = ([], [])
            var removed = 0
            let end = min(start + step, index.slab.used)
            for slot in start..<max(start, end) where index.slab.isUsed(slot) {
                let entry = index.slab[slot]
                if entry.pointee.fillAtMost < core.floor {
                    removed += 1
                    if let record = index.remove(slot) { dead.append(record) }
                } else if entry.pointee.checkedThrough < target {
                    if let record = index.record(slot) {
                        let (verdict, through) = core.rules.check(
                            record.metadata.scope, filledAt: record.metadata.fillRevision)
                        guard index.settle(slot, verdict, through) else { continue }
                        removed += 1
                        if let record = index.remove(slot) { dead.append(record) }
                    } else if let location = entry.pointee.location, let file = core.file(location.segment) {
                        onDisk.append(
                            Candidate(
                                key: entry.pointee.key, location: location, extent: entry.pointee.extent, file: file))
                    }
                }
            }
            return ((end, onDisk, dead, end >= index.slab.used), removed)
        }
        result.removed += removed
        return visit
    }

    private mutating func check(_ candidate: Candidate, in shard: Shard) {
        let loaded: RecordLoader.LoadedMetadata
        var failure: SystemFailure?
        do throws(SystemFailure) {
            loaded = try RecordLoader(core, file: candidate.file).loadMetadata(
                candidate.key, at: candidate.location.offset, extent: candidate.extent)
        } catch {
            (loaded, failure) = (.corrupt, error)
        }
        let dead: DeadRecord? = shard.index.withLock { [core] index in
            guard let slot = index.find(candidate.key), index.entry(slot).pointee.location == candidate.location else {
                // Moved while we read; it goes on carrying what it was checked through, and a lookup will check it.
                return nil
            }
            if case .metadata(let metadata) = loaded {
                let (verdict, through) = core.rules.check(metadata.scope, filledAt: metadata.fillRevision)
                guard index.settle(slot, verdict, through) else { return nil }
            }
            return index.remove(slot)
        }
        guard let dead else { return }
        core.died(dead)
        switch loaded {
        case .metadata: result.removed += 1
        case .gone: break
        case .corrupt:
            result.removed += 1
            note(candidate, failure)
        }
    }

    /// Something was there that could not be read, or made no sense.
    private func note(_ candidate: Candidate, _ failure: SystemFailure?) {
        if let failure {
            core.count { $0.readFailures += 1 }
            core.incidents.note(.readFailed, "\(failure); the object was removed")
        } else {
            let place = "\(candidate.file.path) at \(candidate.location.offset)"
            core.count { $0.corruptions += 1 }
            core.incidents.note(.corruptRecord, "a record in \(place) is damaged; the object was removed")
        }
    }
}

extension ShardIndex {
    /// Notes a verdict in the entry.
    /// - Returns: whether the object must go.
    fileprivate func settle(_ slot: UInt32, _ verdict: RuleTable.Verdict, _ through: Revision) -> Bool {
        let entry = entry(slot)
        entry.pointee.checkedThrough = through
        switch verdict {
        case .valid: entry.pointee.isStale = false
        case .stale: entry.pointee.isStale = true
        case .refused: return true
        }
        return false
    }
}
