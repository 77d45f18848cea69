internal import CacheProtocol

/// One shard: which objects there are, in the order of eviction, and which of them are in memory. No locks, no disk, no rules:
/// `Shard` puts a lock around it.
///
/// 1. A key has at most one entry. An entry is pending (no location, a pending record in memory) or on the disk.
/// 2. Every entry is in `order` once.
/// 3. `liveBytes` is the sum of the extents of all entries, pending ones included.
struct ShardIndex {
    let slab: EntrySlab
    private let keys: KeyTable
    private(set) var memory: MemoryTier
    var order: EvictionOrder
    private(set) var liveBytes = 0
    var counters = ShardCounters()

    init(memoryBudget: Int, eviction: EvictionPolicy = .lru) {
        slab = EntrySlab()
        order = EvictionOrder(eviction, slab)
        keys = KeyTable(slab: slab)
        memory = MemoryTier(budget: memoryBudget)
    }

    var count: Int { keys.count }
    var isFull: Bool { keys.count >= KeyTable.slotLimit }

    func find(_ key: CacheKey) -> UInt32? { keys.find(key) }

    func entry(_ slot: UInt32) -> UnsafeMutablePointer<IndexEntry> { slab[slot] }

    func record(_ slot: UInt32) -> CachedRecord? {
        let memory = slab[slot].pointee.memory
        return memory == SlotList.none ? nil : self.memory.record(memory)
    }

    /// Of the one that is to be evicted, unless the policy spares it.
    var candidateStamp: UInt64? { order.candidate.map { slab[$0].pointee.stamp } }

    /// The key is new here, the entry's stamp greater than all others.
    mutating func insert(_ entry: IndexEntry, pending record: CachedRecord?) -> UInt32 {
        let slot = slab.insert(entry)
        keys.insert(slot)
        liveBytes += entry.extent
        order.insert(slot)
        if let record { slab[slot].pointee.memory = memory.insertPending(record, entry: slot) }
        return slot
    }

    mutating func touch(_ slot: UInt32, stamp: @autoclosure () -> UInt64) {
        order.use(slot, stamp: stamp())
        let place = slab[slot].pointee.memory
        if place != SlotList.none { memory.touch(place) }
    }

    /// - Returns: the record's place on the disk, whose bytes are dead now; nil for a pending one.
    mutating func remove(_ slot: UInt32) -> DeadRecord? {
        let entry = slab[slot].pointee
        keys.remove(entry.key)
        order.remove(slot)
        liveBytes -= entry.extent
        if entry.memory != SlotList.none { memory.remove(entry.memory) }
        slab.remove(slot)
        return entry.location.map {
            DeadRecord(key: entry.key, location: $0, extent: entry.extent, isHandedOut: entry.isHandedOut)
         }
    }

    /// Puts what was loaded from the disk, or written to it, into the memory tier in place of what is there.
    mutating func keepInMemory(_ record: CachedRecord, _ slot: UInt32) {
        dropFromMemory(slot)
        let place = memory.insertPending(record, entry: slot)
        slab[slot].pointee.memory = place
        for evicted in memory.makeResident(place) { slab[evicted].pointee.memory = SlotList.none }
    }

    /// The pending record has been written: it counts for the memory tier from now on.
    mutating func promote(_ slot: UInt32) {
        let place = slab[slot].pointee.memory
        guard place != SlotList.none else { return }
        for evicted in memory.makeResident(place) { slab[evicted].pointee.memory = SlotList.none }
    }

    mutating func dropFromMemory(_ slot: UInt32) {
        let place = slab[slot].pointee.memory
        guard place != SlotList.none else { return }
        memory.remove(place)
        slab[slot].pointee.memory = SlotList.none
    }

    /// - Returns: what lay on the disk of those that were removed.
    mutating func removeAll(where isGone: (IndexEntry) -> Bool) -> [DeadRecord] {
        var dead: [DeadRecord] = []
        for slot in 0..<slab.used where slab.isUsed(slot) && isGone(slab[slot].pointee) {
            if let record = remove(slot) { dead.append(record) }
        }
        return dead
    }

    mutating func removeAll() {
        slab.removeAll()
        keys.removeAll()
        memory.removeAll()
        order.removeAll()
        liveBytes = 0
    }

    /// For the restart: entries in any order, a later one of a key in place of an earlier. `sortByStamp` must follow.
    mutating func insertUnordered(_ entry: IndexEntry) {
        var entry = entry
        if let slot = keys.find(entry.key) {
            liveBytes += entry.extent - slab[slot].pointee.extent
            entry.stamp = max(entry.stamp, slab[slot].pointee.stamp)
            entry.isVisited = entry.isVisited || slab[slot].pointee.isVisited
            slab[slot].pointee = entry
        } else {
            guard !isFull else { return }
            liveBytes += entry.extent
            keys.insert(slab.insert(entry))
        }
    }

    func reserve(_ entries: Int) { keys.reserve(entries) }

    /// Links all entries in the order of their stamps.
    /// - Parameter handStamp: `EvictionOrder.handStamp` as it was.
    mutating func sortByStamp(handStamp: UInt64 = 0) {
        var order: [(stamp: UInt64, slot: UInt32)] = []
        order.reserveCapacity(keys.count)
        for slot in 0..<slab.used where slab.isUsed(slot) { order.append((slab[slot].pointee.stamp, slot)) }
        order.sort { $0.stamp < $1.stamp }
        self.order.relink(order.lazy.map(\.slot), handStamp: handStamp)
    }

    var allocatedBytes: Int { slab.allocatedBytes + keys.allocatedBytes }
}

/// A record that no lookup finds any more.
struct DeadRecord: Hashable, Sendable {
    var key: CacheKey
    var location: RecordLocation
    var extent: Int
    /// Its bytes must stay as they are until the file goes: see `IndexEntry.isHandedOut`.
    var isHandedOut = false
}

/// Kept under the shard's lock: an atomic per hit would cost more than the hit.
struct ShardCounters {
    var memoryHits = 0
    var diskHits = 0
    var staleHits = 0
    var misses = 0
    var refusals = 0
    var stores = 0
}
