internal import CLZ4

/// The envelope of everything that travels between nodes and of what a node keeps of the journal.
///
///     0  2  "VG"
///     2  1  version of the cache protocol
///     3  1  flags: bit 0 = the payload is one LZ4 block
///     4  4  length of the payload as sent, little endian
///     8  4  length of the payload unpacked
///    12  4  CRC-32C over bytes 0..<12 and the payload as sent
///    16  …  payload
public enum Frame {
    /// Raised when a message changes; a node refuses another version by name.
    public static let version: UInt8 = 1
    public static let headerLength = 16
    /// Bytes of one payload, unpacked. A batch of journal entries stays far below; a longer one is a lie.
    public static let maxPayload = 16 << 20
    /// In a node's own files, which nobody else writes: its rules may be more than a message takes.
    public static let ownFileLimit = 1 << 30
    /// Below this many bytes packing gains nothing that a packet would not round up again.
    private static let leastWorthPacking = 512

    public static func seal(_ payload: [UInt8]) -> [UInt8] {
        let packed = payload.count >= leastWorthPacking ? pack(payload) : nil
        let body = packed ?? payload
        var frame: [UInt8] = [0x56, 0x47, version, packed == nil ? 0 : 1]
        frame.reserveCapacity(headerLength + body.count)
        append(UInt32(body.count), to: &frame)
        append(UInt32(payload.count), to: &frame)
        append(Checksum.crc32c(body, continuing: Checksum.crc32c(frame)), to: &frame)
        frame.append(contentsOf: body)
        return frame
    }

    public static func seal(_ message: some WireCodable) -> [UInt8] {
        seal(message.wireBytes)
    }

    /// Reads the frame at the beginning of `bytes`.
    /// - Returns: the payload, and how many bytes the frame took; nil when more bytes are needed.
    public static func open(
        _ bytes: ArraySlice<UInt8>, limit: Int = maxPayload
    ) throws(WireError) -> (payload: [UInt8], length: Int)? {
        guard bytes.count >= headerLength else { return nil }
        let start = bytes.startIndex
        guard bytes[start] == 0x56, bytes[start + 1] == 0x47 else { throw WireError("no frame begins like this") }
        guard bytes[start + 2] == version else {
            throw WireError("a frame of protocol version \(bytes[start + 2]); this node speaks version \(version)")
        }
        let flags = bytes[start + 3]
        guard flags <= 1 else { throw WireError("unknown frame flags \(flags)") }
        let length = Int(number(bytes, at: start + 4))
        let unpacked = Int(number(bytes, at: start + 8))
        guard length <= limit, unpacked <= limit else {
            throw WireError("a frame of \(max(length, unpacked)) bytes; \(limit) are allowed")
        }
        guard bytes.count >= headerLength + length else { return nil }
        let body = bytes[start + headerLength..<start + headerLength + length]
        let checksum = Checksum.crc32c(Array(body), continuing: Checksum.crc32c(Array(bytes[start..<start + 12])))
        guard checksum == number(bytes, at: start + 12) else { throw WireError("a frame's checksum does not match") }
        guard flags == 1 || length == unpacked else { throw WireError("a frame states two lengths") }
        return (flags == 1 ? try unpack(body, to: unpacked) : Array(body), headerLength + length)
    }

    /// Reads a message that must be one whole frame.
    public static func open<Message: WireCodable>(
        _: Message.Type, _ bytes: [UInt8], limit: Int = maxPayload
    ) throws(WireError) -> Message {
        guard let frame = try open(bytes[...], limit: limit) else { throw WireError("a frame ends early") }
        guard frame.length == bytes.count else { throw WireError("\(bytes.count - frame.length) bytes after a frame") }
        return try Message(wireBytes: frame.payload)
    }

    private static func pack(_ payload: [UInt8]) -> [UInt8]? {
        let packed = [UInt8](unsafeUninitializedCapacity: payload.count) { target, count in
            let written = payload.withUnsafeBytes { source in
                LZ4_compress_default(
                    source.baseAddress, target.baseAddress, Int32(source.count), Int32(target.count))
            }
            count = Int(written)
        }
        return packed.isEmpty ? nil : packed
    }

    private static func unpack(_ packed: ArraySlice<UInt8>, to length: Int) throws(WireError) -> [UInt8] {
        let unpacked = [UInt8](unsafeUninitializedCapacity: length) { target, count in
            let written = packed.withUnsafeBytes { source in
                LZ4_decompress_safe(source.baseAddress, target.baseAddress, Int32(source.count), Int32(length))
            }
            count = max(0, Int(written))
        }
        guard unpacked.count == length else { throw WireError("a packed frame does not unpack to its stated length") }
        return unpacked
    }

    private static func append(_ value: UInt32, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>, at index: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[index + $1]) << UInt32(8 * $1) }
    }
}
