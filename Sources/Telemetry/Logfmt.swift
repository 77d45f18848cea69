/// Bytes of one log line in logfmt: `key=value key="a value" …`. Log lines and access lines share it, so that one parser
/// reads a node's whole log.
///
/// A value is quoted when it is empty or holds a space, `"`, `=` or `\`; control bytes become `\n`, `\r`, `\t` or `\xNN`.
/// Of requests, bytes above ASCII become `\xNN` too: nothing that a client sends can break a line or the log's encoding.
struct Logfmt: ~Copyable {
    private(set) var bytes: [UInt8] = []

    init(reserving capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }

    mutating func endLine() {
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Takes `other`'s bytes and leaves it this one's, emptied.
    mutating func swap(with other: inout [UInt8]) {
        other.removeAll(keepingCapacity: true)
        Swift.swap(&bytes, &other)
    }

    /// - Parameter key: With the space in front and `=` behind, as it stands in the line.
    mutating func raw(_ key: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount))
    }

    mutating func raw(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    mutating func number(_ value: UInt64) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = value
            var start = 20
            repeat {
                start -= 1
                digits.initializeElement(at: start, to: UInt8(ascii: "0") + UInt8(rest % 10))
                rest /= 10
            } while rest > 0
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: digits[start..<20]))
        }
    }

    /// Six digits with leading zeros.
    mutating func microseconds(_ value: UInt32) {
        var divisor: UInt32 = 100_000
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }

    /// A value of ours: UTF-8 stays as it is.
    mutating func value(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            value(UnsafeRawBufferPointer(utf8), keepsUTF8: true)
        }
    }

    /// A value that a client sent, cut after `limit` bytes (three dots tell).
    mutating func value(_ text: UnsafeRawBufferPointer, limit: Int) {
        guard text.count > limit else { return value(text, keepsUTF8: false) }
        value(UnsafeRawBufferPointer(rebasing: text[0..<limit]), keepsUTF8: false, suffix: "...")
    }

    private mutating func value(_ text: UnsafeRawBufferPointer, keepsUTF8: Bool, suffix: StaticString = "") {
        if !text.isEmpty, text.allSatisfy({ Self.isPlain($0, keepsUTF8: keepsUTF8) }) {
            bytes.append(contentsOf: text)
            raw(suffix)
            return
        }
        bytes.append(UInt8(ascii: "\""))
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case UInt8(ascii: "\n"): raw("\\n")
            case UInt8(ascii: "\r"): raw("\\r")
            case UInt8(ascii: "\t"): raw("\\t")
            case 0x20...0x7e: bytes.append(byte)
            case 0x80... where keepsUTF8: bytes.append(byte)
            default:
                raw("\\x")
                bytes.append(Self.hexDigit(byte >> 4))
                bytes.append(Self.hexDigit(byte & 15))
            }
        }
        raw(suffix)
        bytes.append(UInt8(ascii: "\""))
    }

    private static func isPlain(_ byte: UInt8, keepsUTF8: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "="): false
        case 0x21...0x7e: true
        case 0x80...: keepsUTF8
        default: false
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
