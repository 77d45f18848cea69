internal import Synchronization

extension ObjectCache {
    /// Counts and sizes. Not from one instant: each shard is asked in turn.
    public var statistics: CacheStatistics {
        var result = core.counts.withLock { $0 }
        for shard in core.shards {
            shard.index.withLock { index in
                result.memoryHits += index.counters.memoryHits
                result.diskHits += index.counters.diskHits
                result.staleHits += index.counters.staleHits
                result.misses += index.counters.misses
                result.refusals += index.counters.refusals
                result.stores += index.counters.stores
                result.objects += index.count
                result.liveBytes += index.liveBytes
                result.memoryBytes += index.memory.residentCost
                result.indexBytes += index.allocatedBytes
            }
        }
        result.indexBytes += core.admission.allocatedBytes
        core.space.placement.withLock { placement in
            result.deadBytes = max(0, placement.dead)
            result.diskBytes = placement.used
            result.diskLimit = placement.allowance
            result.diskEffectiveLimit = placement.limit
            result.segments = placement.segments.count
        }
        result.pendingBytes = queue.pendingBytes
        return result
    }
}
