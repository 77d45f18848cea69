internal import CacheProtocol
internal import Synchronization

extension DiskWriter {
    /// Removes one object: the shards' candidates are judged in the order of their stamps until one is condemned.
    /// Only this thread judges, so the order is that of one list; no two shards' locks are held at once.
    /// - Returns: false when there is none to remove.
    func evict() -> Bool {
        var laps = 0
        while true {
            guard let (stamp, shard) = candidate() else {
                // Passed everywhere, or there is none.
                guard laps < 2 else { return false }
                laps += 1
                for shard in core.shards { shard.index.withLock { $0.order.rewind() } }
                continue
            }
            let (isGone, dead): (Bool, DeadRecord?) = shard.index.withLock { index in
                // Used, replaced or removed a moment ago: another one is first now.
                guard let slot = index.order.candidate, index.entry(slot).pointee.stamp == stamp,
                    index.order.condemns(slot, sparesNone: laps == 2)
                else { return (false, nil) }
                return (true, index.remove(slot))
            }
            core.died(dead)
            guard isGone else { continue }
            core.count { $0.evictions += 1 }
            return true
        }
    }

    private func candidate() -> (stamp: UInt64, shard: Shard)? {
        var first: (stamp: UInt64, shard: Shard)?
        for shard in core.shards {
            guard let stamp = shard.index.withLock({ $0.candidateStamp }) else { continue }
            if first.map({ stamp < $0.stamp }) ?? true { first = (stamp, shard) }
        }
        return first
    }
}
