/// One shard's part of the memory tier: records by slot, those on the disk too in the order of use. A value type without
/// locks; the shard's lock guards it.
///
/// 1. A slot is pending (its record waits for the writer; not in the order, counted by the write-behind budget) or
///    resident (in the order, counted here). Only residents are evicted.
/// 2. `residentCost` is the sum over the residents and at most `budget` after every call.
struct MemoryTier {
    private struct Slot {
        var record: CachedRecord?
        var entry: UInt32
        var newer = SlotList.none
        var older = SlotList.none
        var isResident = false
    }

    private let budget: Int
    private var slots: [Slot] = []
    private var free: [UInt32] = []
    private var newest = SlotList.none
    private var oldest = SlotList.none
    private(set) var residentCost = 0

    init(budget: Int) {
        self.budget = budget
    }

    func record(_ slot: UInt32) -> CachedRecord? {
        slots[Int(slot)].record
    }

    func isResident(_ slot: UInt32) -> Bool {
        slots[Int(slot)].isResident
    }

    mutating func insertPending(_ record: CachedRecord, entry: UInt32) -> UInt32 {
        if let slot = free.popLast() {
            slots[Int(slot)] = Slot(record: record, entry: entry)
            return slot
        }
        slots.append(Slot(record: record, entry: entry))
        return UInt32(slots.count - 1)
    }

    /// - Returns: the entries whose records had to go, this one's perhaps among them.
    mutating func makeResident(_ slot: UInt32) -> [UInt32] {
        guard let record = slots[Int(slot)].record, !slots[Int(slot)].isResident else { return [] }
        slots[Int(slot)].isResident = true
        residentCost += record.memoryCost
        linkNewest(slot)
        var evicted: [UInt32] = []
        while residentCost > budget, oldest != SlotList.none {
            evicted.append(slots[Int(oldest)].entry)
            remove(oldest)
        }
        return evicted
    }

    mutating func touch(_ slot: UInt32) {
        guard slots[Int(slot)].isResident, slot != newest else { return }
        unlink(slot)
        linkNewest(slot)
    }

    mutating func remove(_ slot: UInt32) {
        if slots[Int(slot)].isResident {
            residentCost -= slots[Int(slot)].record?.memoryCost ?? 0
            unlink(slot)
        }
        slots[Int(slot)] = Slot(record: nil, entry: SlotList.none)
        free.append(slot)
    }

    private mutating func linkNewest(_ slot: UInt32) {
        slots[Int(slot)].newer = SlotList.none
        slots[Int(slot)].older = newest
        if newest != SlotList.none { slots[Int(newest)].newer = slot } else { oldest = slot }
        newest = slot
    }

    private mutating func unlink(_ slot: UInt32) {
        let (newer, older) = (slots[Int(slot)].newer, slots[Int(slot)].older)
        if newer != SlotList.none { slots[Int(newer)].older = older } else { newest = older }
        if older != SlotList.none { slots[Int(older)].newer = newer } else { oldest = newer }
    }

    mutating func removeAll() {
        self = MemoryTier(budget: budget)
    }

    var residentCount: Int { slots.count - free.count }
}
