internal import CacheProtocol

/// What must be durable before the cache goes on: the file `state`.
///
///   0 magic "VGNTSTA1"   8 layout u32   12 zero u32   16 epoch u64   24 floor u64   32 CRC-32C of 0..<32
///
/// 1. The epoch only grows. Raising it forgets every segment that was written before, at one rename.
/// 2. The floor only grows within an epoch. An object filled before it is refused at lookup, commit and recovery.
/// 3. A folder without a state, or with a damaged one, has no known floor: everything in it is forgotten.
struct CacheState: Hashable {
    private static let magic: UInt64 = 0x3141_5453_544E_4756  // "VGNTSTA1"
    private static let layout: UInt32 = 1
    private static let size = 36

    var epoch: UInt64
    var floor: Revision

    static func path(in folder: String) -> String { folder + "/state" }

    var bytes: [UInt8] {
        var bytes = LittleEndianBytes(reserving: Self.size)
        bytes.append(Self.magic)
        bytes.append(Self.layout)
        bytes.append(UInt32(0))
        bytes.append(epoch)
        bytes.append(floor.rawValue)
        bytes.append(Checksum.crc32c(bytes.bytes))
        return bytes.bytes
    }

    init(epoch: UInt64, floor: Revision) {
        self.epoch = epoch
        self.floor = floor
    }

    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.size else { return nil }
        let fields: (epoch: UInt64, floor: UInt64)? = bytes.withUnsafeBytes { bytes in
            guard bytes.u64(0) == Self.magic, bytes.u32(8) == Self.layout,
                Checksum.crc32c(UnsafeRawBufferPointer(rebasing: bytes[..<32])) == bytes.u32(32)
            else { return nil }
            return (bytes.u64(16), bytes.u64(24))
        }
        guard let fields else { return nil }
        self.init(epoch: fields.epoch, floor: Revision(rawValue: fields.floor))
    }
}
