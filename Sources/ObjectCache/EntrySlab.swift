internal import CacheProtocol

/// Index entries at fixed places, in chunks, so that growing copies nothing and wastes a page at most.
/// Not synchronised: each shard has one, under the shard's lock.
final class EntrySlab {
    private static let chunkBits: UInt32 = 12
    private static let chunkEntries = 1 << Int(chunkBits)
    private static let chunkBytes = ZeroPages.roundedUp(chunkEntries * MemoryLayout<IndexEntry>.stride)

    private var chunks: [UnsafeMutablePointer<IndexEntry>] = []
    /// Slots below this have been handed out at least once.
    private(set) var used: UInt32 = 0
    /// Free slots, chained through `newer`. A free slot's extent is 0, which no record's is.
    private var firstFree = SlotList.none

    deinit {
        unmapAll()
    }

    private func unmapAll() {
        for chunk in chunks { ZeroPages.unmap(chunk, Self.chunkBytes) }
        chunks = []
    }

    subscript(slot: UInt32) -> UnsafeMutablePointer<IndexEntry> {
        // Inside the chunk by construction; the array checks that the chunk is there.
        chunks[Int(slot >> Self.chunkBits)] + Int(slot & (1 << Self.chunkBits - 1))
    }

    func isUsed(_ slot: UInt32) -> Bool {
        slot < used && self[slot].pointee.extent > 0
    }

    func insert(_ entry: IndexEntry) -> UInt32 {
        if firstFree != SlotList.none {
            let slot = firstFree
            firstFree = self[slot].pointee.newer
            self[slot].pointee = entry
            return slot
        }
        if Int(used) == chunks.count * Self.chunkEntries {
            chunks.append(ZeroPages.map(Self.chunkBytes).bindMemory(to: IndexEntry.self, capacity: Self.chunkEntries))
        }
        let slot = used
        used += 1
        self[slot].initialize(to: entry)
        return slot
    }

    func remove(_ slot: UInt32) {
        var free = IndexEntry(
            key: self[slot].pointee.key, stamp: 0, extent: 0, fill: .zero, checkedThrough: .zero)
        free.newer = firstFree
        self[slot].pointee = free
        firstFree = slot
    }

    func removeAll() {
        used = 0
        firstFree = SlotList.none
        unmapAll()
    }

    /// What has been written to: the rest of the last chunk takes no room yet.
    var allocatedBytes: Int {
        ZeroPages.roundedUp(Int(used) * MemoryLayout<IndexEntry>.stride)
            + chunks.capacity * MemoryLayout<UnsafeMutablePointer<IndexEntry>>.stride
    }
}
