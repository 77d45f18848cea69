public import CacheProtocol
internal import Synchronization

extension ObjectCache {
    /// The object, if there is one that may be served. Counts as a use of it.
    ///
    /// In memory and checked through the applied revision, it costs one lock and one comparison. Else the rules decide on
    /// its scope; else it is read from the disk and checked.
    public func lookup(_ key: CacheKey) -> Lookup {
        // Again only when the writer has moved the object meanwhile, which it does rarely.
        while true { if let answer = attempt(key) { return answer } }
    }

    /// - Returns: nil when what was read is not the object's any more, and says nothing about what is.
    private func attempt(_ key: CacheKey) -> Lookup? {
        let shard = core.shard(key)
        let step = shard.index.withLock { index -> LookupStep in
            guard let slot = index.find(key) else {
                index.counters.misses += 1
                return .answer(.miss(.absent))
            }
            let entry = index.entry(slot)
            guard entry.pointee.fillAtMost >= core.floor else {
                index.counters.misses += 1
                return .gone(index.remove(slot), .belowFloor)
            }
            guard let record = index.record(slot) else { return load(slot, of: &index) }
            var staleBy: Revision?
            if entry.pointee.checkedThrough < core.rules.applied || entry.pointee.isStale {
                switch recheck(slot, record, in: &index) {
                case .keep(let stale): staleBy = stale
                case .refuse(let revision, let dead): return .gone(dead, .refused(by: revision))
                }
            }
            index.touch(slot, stamp: core.stamp())
            index.counters.memoryHits += 1
            return .answer(.hit(CachedObject(record, staleBy: staleBy)))
        }
        switch step {
        case .answer(let answer): return answer
        case .gone(let dead, let reason):
            core.died(dead)
            return .miss(reason)
        case .load(let plan): return load(key, plan, in: shard)
        }
    }

    private enum LookupStep {
        case answer(Lookup)
        case gone(DeadRecord?, MissReason)
        case load(LoadPlan)
    }

    private struct LoadPlan {
        var location: RecordLocation
        var extent: Int
        var isVerified: Bool
        var generation: UInt64
        /// Holds the file open, whatever becomes of the entry.
        var file: SegmentFile
    }

    private enum Recheck {
        case keep(staleBy: Revision?)
        case refuse(by: Revision, DeadRecord?)
    }

    /// Under the shard's lock: what the rules say of an entry now, and what that makes of it.
    private func recheck(_ slot: UInt32, _ record: CachedRecord, in index: inout ShardIndex) -> Recheck {
        let metadata = record.metadata
        let (verdict, through) = core.rules.check(metadata.scope, filledAt: metadata.fillRevision)
        index.entry(slot).pointee.checkedThrough = through
        switch verdict {
        case .valid:
            index.entry(slot).pointee.isStale = false
            return .keep(staleBy: nil)
        case .stale(let revision):
            index.entry(slot).pointee.isStale = true
            index.counters.staleHits += 1
            return .keep(staleBy: revision)
        case .refused(let revision):
            index.counters.misses += 1
            index.counters.refusals += 1
            return .refuse(by: revision, index.remove(slot))
        }
    }

    private func load(_ slot: UInt32, of index: inout ShardIndex) -> LookupStep {
        // A use already now: while we read, the writer may move the object, and must not evict it.
        index.touch(slot, stamp: core.stamp())
        let entry = index.entry(slot).pointee
        // An entry without a record in memory lies in a segment that is open: compaction moves the entry first.
        guard let location = entry.location, let file = core.file(location.segment) else {
            return .answer(.miss(.absent))
        }
        // Already now: once it has died, its blocks may be given back while we read.
        if core.isFileBody(entry.extent) {
            index.entry(slot).pointee.isHandedOut = true
            file.isHandedOut.store(true, ordering: .relaxed)
        }
        return .load(
            LoadPlan(
                location: location, extent: entry.extent, isVerified: entry.isVerified,
                generation: core.generation.load(ordering: .sequentiallyConsistent), file: file))
    }

    // MARK: From the disk

    private func load(_ key: CacheKey, _ plan: LoadPlan, in shard: Shard) -> Lookup? {
        let loaded = RecordLoader(core, file: plan.file).load(
            key, at: plan.location.offset, extent: plan.extent, isVerified: plan.isVerified)
        switch loaded {
        case .record(let record):
            return admit(key, record, plan, in: shard)
        case .gone:
            return lose(key, plan, as: .absent) { _ in }
        case .corrupt(let what):
            let answer = lose(key, plan, as: .corrupt) { $0.corruptions += 1 }
            if answer?.isMiss(.corrupt) == true { core.incidents.note(.corruptRecord, what) }
            return answer
        case .unreadable(let failure):
            let answer = lose(key, plan, as: .unreadable) { $0.readFailures += 1 }
            if answer?.isMiss(.unreadable) == true {
                core.incidents.note(.readFailed, "\(failure); the object is a miss")
            }
            return answer
        }
    }

    /// Forgets the object where it was, and counts that it was there. Removed before us, and perhaps overwritten by `reclaim` as
    /// we read, it was absent; moved before us, it is asked for again.
    private func lose(
        _ key: CacheKey, _ plan: LoadPlan, as reason: MissReason, _ count: (inout CacheStatistics) -> Void
    ) -> Lookup? {
        let wasThere = core.remove(key, at: plan.location)
        if !wasThere, core.shard(key).index.withLock({ $0.find(key) != nil }) { return nil }
        core.count {
            if wasThere { count(&$0) }
            $0.misses += 1
        }
        return .miss(wasThere ? reason : .absent)
    }

    /// The bytes are right; whether they may be served, the rules say.
    private func admit(_ key: CacheKey, _ record: CachedRecord, _ plan: LoadPlan, in shard: Shard) -> Lookup? {
        let (lookup, dead): (Lookup?, DeadRecord?) = shard.index.withLock { index in
            let slot = index.find(key)
            guard let slot, index.entry(slot).pointee.location == plan.location else {
                // Moved, replaced or removed while we read: these bytes still answer, if the rules allow them.
                return (answer(with: record, plan, isElsewhere: slot != nil, counting: &index), nil)
            }
            switch recheck(slot, record, in: &index) {
            case .refuse(let revision, let dead):
                return (.miss(.refused(by: revision)), dead)
            case .keep(let staleBy):
                index.entry(slot).pointee.isVerified = true
                index.keepInMemory(record, slot)
                index.counters.diskHits += 1
                return (.hit(CachedObject(record, staleBy: staleBy)), nil)
            }
        }
        core.died(dead)
        return lookup
    }

    /// - Returns: nil when the bytes may not answer, and others are there that perhaps may.
    private func answer(
        with record: CachedRecord, _ plan: LoadPlan, isElsewhere: Bool, counting index: inout ShardIndex
    ) -> Lookup? {
        let metadata = record.metadata
        var refusal: MissReason?
        if core.generation.load(ordering: .sequentiallyConsistent) != plan.generation {
            // Emptied meanwhile: the rules of today say nothing about what was filled on another history.
            refusal = .absent
        } else if metadata.fillRevision < core.floor {
            refusal = .belowFloor
        }
        var staleBy: Revision?
        if refusal == nil {
            switch core.rules.check(metadata.scope, filledAt: metadata.fillRevision).verdict {
            case .valid: break
            case .stale(let revision): staleBy = revision
            case .refused(let revision): refusal = .refused(by: revision)
            }
        }
        guard let refusal else {
            index.counters.diskHits += 1
            if staleBy != nil { index.counters.staleHits += 1 }
            return .hit(CachedObject(record, staleBy: staleBy))
        }
        if isElsewhere { return nil }
        index.counters.misses += 1
        if case .refused = refusal { index.counters.refusals += 1 }
        return .miss(refusal)
    }
}

extension Lookup {
    fileprivate func isMiss(_ reason: MissReason) -> Bool {
        if case .miss(reason) = self { true } else { false }
    }
}
