internal import CacheProtocol
internal import Synchronization

/// Writes the index as it is to a file, in steps, so that no lookup waits for more than one of them.
struct CheckpointWriter {
    private let core: CacheCore
    private let epoch: UInt64
    /// Slots that are copied under one lock.
    private static let step: UInt32 = 1024
    /// Of one write. Longer ones gain nothing, and the heap would keep their memory.
    private static let pieceBytes = 256 << 10

    init(_ core: CacheCore, epoch: UInt64) {
        self.core = core
        self.epoch = epoch
    }

    func write(to file: AtomicFile) throws(SystemFailure) {
        var bytes = LittleEndianBytes(reserving: Self.pieceBytes + Int(Self.step) * IndexCheckpoint.entrySize)
        for byte in head().bytes { bytes.append(byte) }
        var (entries, checksum) = (0, UInt32(0))
        for shard in core.shards {
            var slot: UInt32 = 0
            var isDone = false
            while !isDone {
                (isDone, slot) = shard.index.withLock { index in
                    let end = min(slot + Self.step, index.slab.used)
                    for slot in slot..<max(slot, end) where index.slab.isUsed(slot) {
                        let entry = index.slab[slot].pointee
                        guard let location = entry.location else { continue }
                        IndexCheckpoint.append(entry, at: location, to: &bytes)
                        entries += 1
                    }
                    return (end >= index.slab.used, end)
                }
                if bytes.bytes.count >= Self.pieceBytes { try flush(&bytes, &checksum, to: file) }
            }
        }
        bytes.append(UInt64(entries))
        try flush(&bytes, &checksum, to: file)
        bytes.append(checksum)
        try file.write(bytes.bytes)
    }

    private func flush(
        _ bytes: inout LittleEndianBytes, _ checksum: inout UInt32, to file: AtomicFile
    ) throws(SystemFailure) {
        checksum = Checksum.crc32c(bytes.bytes, continuing: checksum)
        try file.write(bytes.bytes)
        bytes.removeAll()
    }

    private func head() -> IndexCheckpoint.Head {
        // Before any entry is copied: what was checked against later rules is clipped to this when it is read back.
        let position = core.rules.position
        let lengths = core.space.placement.withLock { $0.segments.mapValues(\.length) }
        let segments = core.files.withLock { files in
            files.values.compactMap { file in
                lengths[file.number].map {
                    IndexCheckpoint.Segment(number: file.number, nonce: file.nonce, length: $0)
                }
            }
        }
        let nextStamp = core.nextStamp.load(ordering: .relaxed)
        // Hands move on this thread only. What comes in from now on lies ahead of them.
        let hand = core.shards.reduce(nextStamp) { least, shard in min(least, shard.index.withLock { $0.order.handStamp }) }
        return IndexCheckpoint.Head(
            epoch: epoch, nextStamp: nextStamp, applied: position.applied, chain: position.chain.bytes, hand: hand,
            segments: segments.sorted { $0.number < $1.number })
    }
}
