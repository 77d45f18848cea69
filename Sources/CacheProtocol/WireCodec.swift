/// What is wrong with bytes that were to be a frame, a record or a message.
public struct WireError: Error, Hashable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) {
        self.description = description
    }
}

/// Appends fields in order. Integers are LEB128 varints unless they say otherwise; bytes are preceded by their length.
public struct WireWriter: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init(reserving capacity: Int = 128) {
        bytes.reserveCapacity(capacity)
    }

    public mutating func write(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    public mutating func write(_ value: Int64) {
        write(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    public mutating func write(_ value: Bool) {
        bytes.append(value ? 1 : 0)
    }

    public mutating func write(byte: UInt8) {
        bytes.append(byte)
    }

    /// Eight bytes, little endian: for digests, where a varint would only cost.
    public mutating func write(fixed value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    public mutating func write(_ value: Digest128) {
        write(fixed: value.high)
        write(fixed: value.low)
    }

    public mutating func write(_ value: Revision) {
        write(value.rawValue)
    }

    public mutating func write(_ value: String) {
        write(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    public mutating func write(bytes value: [UInt8]) {
        write(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    public mutating func write<Element>(_ values: [Element], _ element: (inout WireWriter, Element) -> Void) {
        write(UInt64(values.count))
        for value in values { element(&self, value) }
    }
}

/// Reads fields in order and never beyond the end; every count is checked against what is left before memory is asked for.
public struct WireReader: Sendable {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    public init(_ bytes: [UInt8]) {
        self.init(bytes[...])
    }

    public init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    public var remaining: Int {
        bytes.endIndex - position
    }

    public mutating func byte() throws(WireError) -> UInt8 {
        guard position < bytes.endIndex else { throw WireError("ends early: one more byte was expected") }
        defer { position += 1 }
        return bytes[position]
    }

    public mutating func bool() throws(WireError) -> Bool {
        switch try byte() {
        case 0: false
        case 1: true
        case let other: throw WireError("\(other) is neither true (1) nor false (0)")
        }
    }

    public mutating func unsigned() throws(WireError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, through: 63, by: 7) {
            let byte = try byte()
            if shift == 63, byte > 1 { break }
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 { return value }
        }
        throw WireError("an integer has more than 64 bits")
    }

    public mutating func signed() throws(WireError) -> Int64 {
        let raw = try unsigned()
        return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }

    /// An unsigned integer that fits `Narrow`.
    public mutating func integer<Narrow: FixedWidthInteger>(_: Narrow.Type = Narrow.self) throws(WireError) -> Narrow {
        let wide = try unsigned()
        guard let narrow = Narrow(exactly: wide) else { throw WireError("\(wide) does not fit \(Narrow.self)") }
        return narrow
    }

    public mutating func fixed() throws(WireError) -> UInt64 {
        guard remaining >= 8 else { throw WireError("ends early: eight bytes were expected, \(remaining) are left") }
        var value: UInt64 = 0
        for offset in 0..<8 { value |= UInt64(bytes[position + offset]) << UInt64(8 * offset) }
        position += 8
        return value
    }

    public mutating func digest() throws(WireError) -> Digest128 {
        Digest128(high: try fixed(), low: try fixed())
    }

    public mutating func revision() throws(WireError) -> Revision {
        Revision(rawValue: try unsigned())
    }

    public mutating func slice() throws(WireError) -> ArraySlice<UInt8> {
        let count = try unsigned()
        guard count <= UInt64(remaining) else { throw WireError("a field of \(count) bytes, but \(remaining) are left") }
        defer { position += Int(count) }
        return bytes[position..<position + Int(count)]
    }

    public mutating func string() throws(WireError) -> String {
        guard let text = String(validating: try slice(), as: UTF8.self) else { throw WireError("a text is not UTF-8") }
        return text
    }

    public mutating func list<Element>(
        _ element: (inout WireReader) throws(WireError) -> Element
    ) throws(WireError) -> [Element] {
        let count = try unsigned()
        // An element has a byte at the least, so a longer count is a lie and must not reserve memory.
        guard count <= UInt64(remaining) else { throw WireError("a list of \(count), but \(remaining) bytes are left") }
        var elements: [Element] = []
        // Elements in memory are many times what they are on the wire.
        elements.reserveCapacity(Int(min(count, 1024)))
        for _ in 0..<count { elements.append(try element(&self)) }
        return elements
    }

    public mutating func strings() throws(WireError) -> [String] {
        try list { (reader) throws(WireError) in try reader.string() }
    }

    public func finish() throws(WireError) {
        guard remaining == 0 else { throw WireError("\(remaining) bytes too many") }
    }
}

/// A value with one binary form.
public protocol WireCodable: Sendable {
    func encode(into writer: inout WireWriter)
    init(from reader: inout WireReader) throws(WireError)
}

extension WireCodable {
    public var wireBytes: [UInt8] {
        var writer = WireWriter()
        encode(into: &writer)
        return writer.bytes
    }

    /// Refuses bytes that are left over.
    public init(wireBytes: [UInt8]) throws(WireError) {
        try self.init(wireBytes: wireBytes[...])
    }

    public init(wireBytes: ArraySlice<UInt8>) throws(WireError) {
        var reader = WireReader(wireBytes)
        try self.init(from: &reader)
        try reader.finish()
    }
}
