internal import Synchronization

/// A part of the index behind its own lock.
final class Shard: Sendable {
    let index: Mutex<ShardIndex>

    init(memoryBudget: Int, eviction: EvictionPolicy) {
        index = Mutex(ShardIndex(memoryBudget: memoryBudget, eviction: eviction))
    }
}
