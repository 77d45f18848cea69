/// Writes the fields of a frame: little endian, in order.
struct FrameWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ value: some FixedWidthInteger & UnsignedInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// A count or size; negative ones are not ours to send and become 0, which no reader accepts where it matters.
    mutating func write(count: Int) {
        write(UInt64(clamping: count))
    }

    mutating func write(_ text: String) {
        let utf8 = Array(text.utf8.prefix(Int(UInt16.max)))
        write(UInt16(utf8.count))
        bytes.append(contentsOf: utf8)
    }

    mutating func write(_ flag: Bool) {
        write(UInt8(flag ? 1 : 0))
    }
}

/// Reads the fields of a frame. Every read is bounded and validated; the first bad field ends the reading.
struct FrameReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    mutating func read<Value: FixedWidthInteger & UnsignedInteger>(_: Value.Type) throws(FrameError) -> Value {
        let size = Value.bitWidth / 8
        guard rest.count >= size else { throw FrameError("the frame ends early") }
        var value: Value = 0
        for (shift, byte) in rest.prefix(size).enumerated() {
            value |= Value(byte) << (8 * shift)
        }
        rest = rest.dropFirst(size)
        return value
    }

    mutating func count(_ name: StaticString, in allowed: ClosedRange<Int>) throws(FrameError) -> Int {
        let value = try read(UInt64.self)
        guard value <= UInt64(Int.max), allowed.contains(Int(value)) else {
            throw FrameError("\(name) is \(value), outside \(allowed.lowerBound) to \(allowed.upperBound)")
        }
        return Int(value)
    }

    mutating func text(_ name: StaticString, _ bound: BoundedText) throws(FrameError) -> String {
        let size = Int(try read(UInt16.self))
        guard rest.count >= size else { throw FrameError("\(name) ends early") }
        let bytes = rest.prefix(size)
        guard bound.holds(bytes) else { throw FrameError("\(name) is too long or not printable ASCII") }
        rest = rest.dropFirst(size)
        return String(decoding: bytes, as: UTF8.self)
    }

    mutating func flag(_ name: StaticString) throws(FrameError) -> Bool {
        switch try read(UInt8.self) {
        case 0: false
        case 1: true
        case let value: throw FrameError("\(name) is \(value), neither 0 nor 1")
        }
    }

    /// Nothing may follow the last field.
    func end() throws(FrameError) {
        guard rest.isEmpty else { throw FrameError("\(rest.count) bytes follow the last field") }
    }
}

/// A message that breaks the protocol. Whoever sent it is not to be talked to any more.
public struct FrameError: Error, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}
