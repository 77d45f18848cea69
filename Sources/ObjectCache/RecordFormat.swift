internal import CacheProtocol

// The bytes of a cache folder. `docs/cache-format.md` says the same at length. All integers are little endian.
//
//   lock               held by flock as long as a process has the folder open; the holder's pid as text
//   state              CacheState: epoch and floor
//   index              IndexCheckpoint: where the objects lie, and in which order they were used
//   segment-XXXXXXXX   SegmentHeader (40 bytes), then records, one after another, each starting at a multiple of 8
//   *.new              a file that is about to replace another
//
//   SegmentHeader      0 magic "VGNTSEG1"   8 layout u32   12 number u32   16 nonce u64   24 epoch u64   32 zero u32
//                      36 CRC-32C of 0..<36
//   RecordHead         0 magic "VREC"   4 layout u16   6 zero u16   8 nonce u64   16 key, two u64
//                      32 fill revision u64   40 stamp u64   48 body length u32   52 metadata length u32
//                      56 CRC-32C of the body   60 CRC-32C of 0..<60 and of the metadata
//                      64 metadata (ObjectMetadata's wire form), body, zeros up to a multiple of 8
//   GapHead            stands in place of a dead record whose blocks were given back; zeros and a hole follow
//
// Invariants
// 1. A record never changes until it is dead and nobody reads it, or until it is destroyed. It is appended whole by the
//    writer thread, and becomes findable (DiskWriter.publish) only when its last byte has been written.
// 2. The nonce is random per segment and stands in every record of it, so that no body can contain what a scan would
//    take for a record, and no block of an older file can either.
// 3. Of two records of one key, the one with the greater (segment number, offset) is the newer. Numbers only grow; the
//    writer appends to the segment with the greatest number; compaction moves only the record that the index points to.
// 4. Nothing of a segment with an epoch other than the state's is served (CacheState.removeAll).
// 5. A head says everything that the index needs. The index, checkpoint or memory, is never believed alone: whoever
//    loads a record compares magic, nonce, key and lengths and checks both CRCs before a byte of it leaves.
// 6. Bytes between records may be anything: a scan that meets no head looks for the next one at every multiple of 8, over
//    holes in one step.
// 7. Nothing here is synced but `state`, `index`, what is destroyed, what a start cuts off, and the names at a start: what a
//    power cut leaves of a record shows by its CRCs.
// 8. An erase destroys records (SourceWalk): first no index names them, the checkpoint included, then zeros are written over
//    head, metadata and body and synced, then the whole blocks among them are given back (holes). What is no record and not
//    zero is destroyed with them, because nobody can say what it holds. No byte of any other record is written to.
//
// 9. A dead record is given back only if its body was never handed out as a part of the file since the start, and no erase is
//    due that may mean it.
//
// A record's life: pending (ObjectCache.store) → live (DiskWriter.publish) → dead (ObjectCache: removed, replaced,
// refused, corrupt; DiskWriter: evicted, moved) → a gap (DiskWriter.giveBack, if it is long) → gone with its segment
// (DiskWriter.unlink, when nothing in it is live).
// Live, dead or in a segment without a name: destroyed (SourceWalk) when an erase means it.
// A segment's: active (DiskWriter.roll) → sealed (DiskWriter.roll) → unlinked → closed by the last answer that read it.

enum RecordFormat {
    static let alignment = 8

    static func aligned(_ length: Int) -> Int {
        (length + alignment - 1) & ~(alignment - 1)
    }
}

struct SegmentHeader: Hashable {
    static let size = 40
    private static let magic: UInt64 = 0x3147_4553_544E_4756  // "VGNTSEG1"
    private static let layout: UInt32 = 1

    var number: UInt32
    var nonce: UInt64
    var epoch: UInt64

    var bytes: [UInt8] {
        var bytes = LittleEndianBytes(reserving: Self.size)
        bytes.append(Self.magic)
        bytes.append(Self.layout)
        bytes.append(number)
        bytes.append(nonce)
        bytes.append(epoch)
        bytes.append(UInt32(0))
        bytes.append(Checksum.crc32c(bytes.bytes))
        return bytes.bytes
    }

    init(number: UInt32, nonce: UInt64, epoch: UInt64) {
        self.number = number
        self.nonce = nonce
        self.epoch = epoch
    }

    /// Nil for anything but a whole header of this layout.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.size, bytes.u64(0) == Self.magic, bytes.u32(8) == Self.layout,
            Checksum.crc32c(UnsafeRawBufferPointer(rebasing: bytes[..<36])) == bytes.u32(36)
        else { return nil }
        self.init(number: bytes.u32(12), nonce: bytes.u64(16), epoch: bytes.u64(24))
    }
}

/// The fixed part of a record's head.
struct RecordHead: Hashable {
    static let size = 64
    static let magic: UInt32 = 0x4345_5256  // "VREC"
    private static let layout: UInt16 = 1
    /// Metadata is a few hundred bytes; a longer field is damage, and must not make a scan reserve memory.
    static let metadataLimit = 1 << 20

    var nonce: UInt64
    var key: CacheKey
    var fillRevision: UInt64
    var stamp: UInt64
    var bodyLength: Int
    var metadataLength: Int
    var bodyChecksum: UInt32

    /// From the first byte of the head to the next record.
    var extent: Int { RecordFormat.aligned(bodyOffset + bodyLength) }
    /// From the first byte of the head.
    var bodyOffset: Int { Self.size + metadataLength }
    var bodyRange: Range<Int> { bodyOffset..<bodyOffset + bodyLength }

    /// The head with the metadata behind it.
    func bytes(with metadata: [UInt8]) -> [UInt8] {
        var bytes = LittleEndianBytes(reserving: Self.size + metadata.count)
        bytes.append(Self.magic)
        bytes.append(Self.layout)
        bytes.append(UInt16(0))
        bytes.append(nonce)
        bytes.append(key.digest.high)
        bytes.append(key.digest.low)
        bytes.append(fillRevision)
        bytes.append(stamp)
        bytes.append(UInt32(bodyLength))
        bytes.append(UInt32(metadataLength))
        bytes.append(bodyChecksum)
        bytes.append(Checksum.crc32c(metadata, continuing: Checksum.crc32c(bytes.bytes)))
        return bytes.bytes + metadata
    }

    init(
        nonce: UInt64, key: CacheKey, fillRevision: UInt64, stamp: UInt64, bodyLength: Int, metadataLength: Int,
        bodyChecksum: UInt32
    ) {
        self.nonce = nonce
        self.key = key
        self.fillRevision = fillRevision
        self.stamp = stamp
        self.bodyLength = bodyLength
        self.metadataLength = metadataLength
        self.bodyChecksum = bodyChecksum
    }

    /// The fields at the start of `bytes` if a record of the segment with this nonce seems to start there. Nothing is
    /// proven yet: see `isWhole`.
    init?(_ bytes: UnsafeRawBufferPointer, nonce: UInt64) {
        guard bytes.count >= Self.size, bytes.u32(0) == Self.magic, bytes.u32(4) == UInt32(Self.layout),
            bytes.u64(8) == nonce, bytes.u32(52) <= UInt32(Self.metadataLimit)
        else { return nil }
        self.init(
            nonce: nonce, key: CacheKey(Digest128(high: bytes.u64(16), low: bytes.u64(24))),
            fillRevision: bytes.u64(32), stamp: bytes.u64(40), bodyLength: Int(bytes.u32(48)),
            metadataLength: Int(bytes.u32(52)), bodyChecksum: bytes.u32(56))
    }

    /// Whether head and metadata, which `bytes` starts with, are what was written.
    func isWhole(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= bodyOffset else { return false }
        let fixed = Checksum.crc32c(UnsafeRawBufferPointer(rebasing: bytes[..<60]))
        let all = Checksum.crc32c(UnsafeRawBufferPointer(rebasing: bytes[Self.size..<bodyOffset]), continuing: fixed)
        return all == bytes.u32(60)
    }

    /// Whether these bytes hold the whole record: head, metadata and body are what was written.
    func fits(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            bytes.count >= bodyRange.upperBound && isWhole(bytes)
                && Checksum.crc32c(UnsafeRawBufferPointer(rebasing: bytes[bodyRange])) == bodyChecksum
        }
    }
}
