internal import CacheProtocol

/// One shard: which objects there are, in the order of use, and which of them are in memory. No locks, no disk, no rules:
/// `Shard` puts a lock around it.
///
/// 1. A key has at most one entry. An entry is pending (no location, a pending record in memory) or on the disk.
/// 2. From the newest to the oldest, stamps fall strictly.
/// 3. `liveBytes` is the sum of the extents of all entries, pending ones included.
struct ShardIndex {
    let slab: EntrySlab
    private let keys: KeyTable
    private(set) var memory: MemoryTier
    private var newest = SlotList.none
    private var oldest = SlotList.none
    private(set) var liveBytes = 0
    var counters = ShardCounters()

    init(memoryBudget: Int) {
        slab = EntrySlab()
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

    /// The one to evict.
    var oldestStamp: UInt64? { oldest == SlotList.none ? nil : slab[oldest].pointee.stamp }
    var oldestSlot: UInt32? { oldest == SlotList.none ? nil : oldest }

    /// The key is new here, the entry's stamp greater than all others.
    mutating func insert(_ entry: IndexEntry, pending record: CachedRecord?) -> UInt32 {
        let slot = slab.insert(entry)
        keys.insert(slot)
        liveBytes += entry.extent
        linkNewest(slot)
        if let record { slab[slot].pointee.memory = memory.insertPending(record, entry: slot) }
        return slot
    }

    mutating func touch(_ slot: UInt32, stamp: UInt64) {
        slab[slot].pointee.stamp = stamp
        if slot != newest {
            unlink(slot)
            linkNewest(slot)
        }
        let place = slab[slot].pointee.memory
        if place != SlotList.none { memory.touch(place) }
    }

    /// - Returns: the record's place on the disk, whose bytes are dead now; nil for a pending one.
    mutating func remove(_ slot: UInt32) -> DeadRecord? {
        let entry = slab[slot].pointee
        keys.remove(entry.key)
        unlink(slot)
        liveBytes -= entry.extent
        if entry.memory != SlotList.none { memory.remove(entry.memory) }
        slab.remove(slot)
        return entry.location.map { DeadRecord(key: entry.key, location: $0, extent: entry.extent) }
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
        (newest, oldest, liveBytes) = (SlotList.none, SlotList.none, 0)
    }

    /// For the restart: entries in any order, a later one of a key in place of an earlier. `sortByStamp` must follow.
    mutating func insertUnordered(_ entry: IndexEntry) {
        var entry = entry
        if let slot = keys.find(entry.key) {
            liveBytes += entry.extent - slab[slot].pointee.extent
            entry.stamp = max(entry.stamp, slab[slot].pointee.stamp)
            slab[slot].pointee = entry
        } else {
            guard !isFull else { return }
            liveBytes += entry.extent
            keys.insert(slab.insert(entry))
        }
    }

    func reserve(_ entries: Int) { keys.reserve(entries) }

    /// Links all entries in the order of their stamps.
    mutating func sortByStamp() {
        var order: [(stamp: UInt64, slot: UInt32)] = []
        order.reserveCapacity(keys.count)
        for slot in 0..<slab.used where slab.isUsed(slot) { order.append((slab[slot].pointee.stamp, slot)) }
        order.sort { $0.stamp < $1.stamp }
        (newest, oldest) = (SlotList.none, SlotList.none)
        for (_, slot) in order { linkNewest(slot) }
    }

    private mutating func linkNewest(_ slot: UInt32) {
        slab[slot].pointee.newer = SlotList.none
        slab[slot].pointee.older = newest
        if newest != SlotList.none { slab[newest].pointee.newer = slot } else { oldest = slot }
        newest = slot
    }

    private mutating func unlink(_ slot: UInt32) {
        let (newer, older) = (slab[slot].pointee.newer, slab[slot].pointee.older)
        if newer != SlotList.none { slab[newer].pointee.older = older } else { newest = older }
        if older != SlotList.none { slab[older].pointee.newer = newer } else { oldest = newer }
    }

    var allocatedBytes: Int { slab.allocatedBytes + keys.allocatedBytes }
}

/// A record that no lookup finds any more.
struct DeadRecord: Hashable, Sendable {
    var key: CacheKey
    var location: RecordLocation
    var extent: Int
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
