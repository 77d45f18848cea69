internal import CacheProtocol
internal import Glibc

/// The file `index`: a copy of the index, so that a start need not look at every record.
///
///   head      0 magic "VGNTIDX1"   8 layout u32   12 segment count u32   16 epoch u64   24 next stamp u64
///             32 applied revision u64   40 chain digest (32 bytes)   72 hand u64
///   segments  24 bytes each: number u32, zero u32, nonce u64, length u64
///   entries   44 bytes each: key (two u64), stamp u64, segment u32, offset u32 (units of 8), extent u32 (units of 8;
///             the highest bit: visited), fill revision u32, checked through u32 (both clamped)
///   trailer   entry count u64, CRC-32C of everything before it
///
/// 1. Written by the writer thread only, which is also the only one that appends, moves and evicts: every record that
///    lies before the stated length of its segment and is live stands in it, unless it is removed meanwhile.
/// 2. It may name records that are gone since then (evicted, replaced, removed): whoever loads a record checks it, and the
///    rules decide on it, so that they do no harm.
/// 3. Records beyond the stated lengths, and in segments that it doesn't name, are found by scanning.
/// 4. Of another layout, of another epoch, damaged or absent: every segment is scanned whole.
struct IndexCheckpoint {
    static let magic: UInt64 = 0x3158_4449_544E_4756  // "VGNTIDX1"
    static let layout: UInt32 = 2
    static let headSize = 80
    static let segmentSize = 24
    static let entrySize = 44
    static let trailerSize = 12

    struct Segment: Hashable {
        var number: UInt32
        var nonce: UInt64
        var length: Int
    }

    struct Head {
        var epoch: UInt64
        var nextStamp: UInt64
        var applied: Revision
        var chain: [UInt8]
        /// `EvictionOrder.handStamp`, over all shards.
        var hand: UInt64
        var segments: [Segment]

        var bytes: [UInt8] {
            var bytes = LittleEndianBytes(reserving: headSize + segments.count * segmentSize)
            bytes.append(magic)
            bytes.append(layout)
            bytes.append(UInt32(segments.count))
            bytes.append(epoch)
            bytes.append(nextStamp)
            bytes.append(applied.rawValue)
            for byte in chain { bytes.append(byte) }
            bytes.append(hand)
            for segment in segments {
                bytes.append(segment.number)
                bytes.append(UInt32(0))
                bytes.append(segment.nonce)
                bytes.append(UInt64(segment.length))
            }
            return bytes.bytes
        }
    }

    /// Above all bits of an extent (`IndexEntry.extentLimit`).
    private static let visitedBit: UInt32 = 1 << 31

    static func path(in folder: String) -> String { folder + "/index" }

    /// The file's length.
    static func size(entries: Int, segments: Int) -> Int {
        headSize + segments * segmentSize + entries * entrySize + trailerSize
    }

    static func append(_ entry: IndexEntry, at location: RecordLocation, to bytes: inout LittleEndianBytes) {
        bytes.append(entry.high)
        bytes.append(entry.low)
        bytes.append(entry.stamp)
        bytes.append(location.segment)
        bytes.append(UInt32(location.offset / RecordFormat.alignment))
        bytes.append(UInt32(entry.extent / RecordFormat.alignment) | (entry.isVisited ? visitedBit : 0))
        bytes.append(UInt32(clamping: entry.fillAtMost.rawValue))
        bytes.append(UInt32(clamping: entry.checkedThrough.rawValue))
    }

    static func entry(_ bytes: UnsafeRawBufferPointer) -> IndexEntry {
        var entry = IndexEntry(
            key: CacheKey(Digest128(high: bytes.u64(0), low: bytes.u64(8))), stamp: bytes.u64(16),
            extent: Int(bytes.u32(32) & ~visitedBit) * RecordFormat.alignment, fill: Revision(rawValue: UInt64(bytes.u32(36))),
            checkedThrough: Revision(rawValue: UInt64(bytes.u32(40))))
        entry.location = RecordLocation(segment: bytes.u32(24), offset: Int(bytes.u32(28)) * RecordFormat.alignment)
        entry.isVisited = bytes.u32(32) & visitedBit != 0
        return entry
    }
}
