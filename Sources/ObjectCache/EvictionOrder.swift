internal import CacheProtocol

/// One shard's part of the order in which objects are evicted: a list through the entries, and what the policy makes of it.
/// The only place that knows the policies apart. `DiskWriter.evict` joins the shards' parts to one order.
///
/// 1. From the newest to the oldest, stamps fall strictly. A stamp says when the entry was last used (LRU), or when it came
///    in (SIEVE).
/// 2. SIEVE: every entry whose stamp is below the hand's has been passed in this lap, and what comes in lies ahead of the hand.
///    Of all shards' candidates the one with the least stamp is judged first, so that the hands move as one hand over one
///    list would, however many shards there are.
struct EvictionOrder {
    private let policy: EvictionPolicy
    private let slab: EntrySlab
    private var newest = SlotList.none
    private(set) var oldest = SlotList.none
    /// SIEVE: what the hand comes to next; none when it has passed everything here.
    private var hand = SlotList.none

    init(_ policy: EvictionPolicy, _ slab: EntrySlab) {
        self.policy = policy
        self.slab = slab
    }

    /// A newcomer, its stamp greater than all others.
    mutating func insert(_ slot: UInt32) {
        linkNewest(slot)
        if policy == .sieve, hand == SlotList.none { hand = slot }
    }

    /// Takes a stamp only if something changes that a restart should know.
    mutating func use(_ slot: UInt32, stamp: @autoclosure () -> UInt64) {
        switch policy {
        case .lru:
            slab[slot].pointee.stamp = stamp()
            guard slot != newest else { return }
            unlink(slot)
            linkNewest(slot)
        case .sieve:
            guard !slab[slot].pointee.isVisited else { return }
            slab[slot].pointee.isVisited = true
            _ = stamp()
        }
    }

    mutating func remove(_ slot: UInt32) {
        if slot == hand { hand = slab[slot].pointee.newer }
        unlink(slot)
    }

    mutating func removeAll() {
        (newest, oldest, hand) = (SlotList.none, SlotList.none, SlotList.none)
    }

    /// The entry that is judged next.
    var candidate: UInt32? {
        let slot = policy == .lru ? oldest : hand
        return slot == SlotList.none ? nil : slot
    }

    /// Whether the candidate is to be evicted. If not, there is another candidate now.
    /// - Parameter sparesNone: the hand has been all around and has found nothing, because hits are faster than it is.
    mutating func condemns(_ slot: UInt32, sparesNone: Bool) -> Bool {
        guard policy == .sieve, !sparesNone else { return true }
        let entry = slab[slot]
        // What waits to be written would give no room: it is not in the list yet as far as SIEVE goes.
        guard entry.pointee.isVisited || entry.pointee.location == nil else { return true }
        entry.pointee.isVisited = false
        hand = entry.pointee.newer
        return false
    }

    /// The hand has passed everything, in all shards.
    mutating func rewind() {
        if policy == .sieve { hand = oldest }
    }

    /// For the checkpoint: stamps below this have been passed.
    var handStamp: UInt64 {
        switch policy {
        case .lru: 0
        case .sieve: hand == SlotList.none ? .max : slab[hand].pointee.stamp
        }
    }

    /// For the restart: all entries anew, from the oldest to the newest.
    mutating func relink(_ slots: some Sequence<UInt32>, handStamp: UInt64) {
        removeAll()
        for slot in slots {
            linkNewest(slot)
            if policy == .sieve, hand == SlotList.none, slab[slot].pointee.stamp >= handStamp { hand = slot }
        }
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
}
