internal import CacheProtocol

/// What stands where a dead record was whose blocks were given back: everything behind it, up to `extent`, reads as zeros.
///
///   0 magic "VGAP"   4 layout u16   6 zero u16   8 nonce u64   16 key, two u64   32 extent u64   40 zero u32
///   44 CRC-32C of 0..<44
///
/// A checkpoint may name the record still: that its place holds a gap says that it is gone, where zeros would say damage.
struct GapHead: Hashable {
    static let size = 48
    static let magic: UInt32 = 0x5041_4756  // "VGAP"
    private static let layout: UInt16 = 1

    var nonce: UInt64
    /// The record's.
    var key: CacheKey
    /// From its first byte to the next record.
    var extent: Int

    var bytes: [UInt8] {
        var bytes = LittleEndianBytes(reserving: Self.size)
        bytes.append(Self.magic)
        bytes.append(Self.layout)
        bytes.append(UInt16(0))
        bytes.append(nonce)
        bytes.append(key.digest.high)
        bytes.append(key.digest.low)
        bytes.append(UInt64(extent))
        bytes.append(UInt32(0))
        bytes.append(Checksum.crc32c(bytes.bytes))
        return bytes.bytes
    }

    init(nonce: UInt64, key: CacheKey, extent: Int) {
        self.nonce = nonce
        self.key = key
        self.extent = extent
    }

    /// Nil for anything but a whole gap of the segment with this nonce.
    init?(_ bytes: UnsafeRawBufferPointer, nonce: UInt64) {
        guard bytes.count >= Self.size, bytes.u32(0) == Self.magic, bytes.u32(4) == UInt32(Self.layout),
            bytes.u64(8) == nonce, Checksum.crc32c(UnsafeRawBufferPointer(rebasing: bytes[..<44])) == bytes.u32(44)
        else { return nil }
        self.init(
            nonce: nonce, key: CacheKey(Digest128(high: bytes.u64(16), low: bytes.u64(24))),
            extent: Int(clamping: bytes.u64(32)))
    }
}
