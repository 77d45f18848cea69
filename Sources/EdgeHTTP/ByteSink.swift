internal import NIOCore

/// What heads are written into, so that what writes them need not know the transport's buffer.
protocol ByteSink {
    mutating func append(_ text: StaticString)
    mutating func append(_ text: String)
    mutating func append(_ bytes: some Collection<UInt8>)
    mutating func append(byte: UInt8)
}

extension ByteSink {
    /// What came from another machine: a line end in it would begin a field of its own.
    mutating func append(value text: String) {
        append(text.utf8.contains { $0 < 0x20 || $0 == 0x7F } ? ResponsePlan.visible(text) : text)
    }

    mutating func append(number: Int64) {
        if number < 0 { append(byte: UInt8(ascii: "-")) }
        var magnitude = number.magnitude
        guard magnitude >= 10 else { return append(byte: UInt8(ascii: "0") + UInt8(magnitude)) }
        var place: UInt64 = 10
        while place <= magnitude / 10 { place *= 10 }
        while place > 0 {
            append(byte: UInt8(ascii: "0") + UInt8(magnitude / place))
            magnitude %= place
            place /= 10
        }
    }
}

extension [UInt8]: ByteSink {
    mutating func append(_ text: StaticString) { text.withUTF8Buffer { append(contentsOf: $0) } }
    mutating func append(_ text: String) { append(contentsOf: text.utf8) }
    mutating func append(_ bytes: some Collection<UInt8>) { append(contentsOf: bytes) }
    mutating func append(byte: UInt8) { append(byte) }
}

extension ByteBuffer: ByteSink {
    mutating func append(_ text: StaticString) { writeStaticString(text) }
    mutating func append(_ text: String) { writeString(text) }
    mutating func append(_ bytes: some Collection<UInt8>) { writeBytes(bytes) }
    mutating func append(byte: UInt8) { writeInteger(byte) }
}
