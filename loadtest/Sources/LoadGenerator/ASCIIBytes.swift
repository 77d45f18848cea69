/// Looking at header bytes in place: no strings are made per request.
extension Span<UInt8> {
    /// Whether the range's bytes are `literal` (in lower case), letters compared without case.
    func matches(_ range: Range<Int>, _ literal: StaticString) -> Bool {
        guard range.count == literal.utf8CodeUnitCount else { return false }
        // A StaticString built from a literal of more than one scalar points at its own bytes for the process's life.
        return literal.withUTF8Buffer { bytes in
            for offset in 0..<bytes.count where lowercased(self[range.lowerBound + offset]) != bytes[offset] {
                return false
            }
            return true
        }
    }

    func starts(_ range: Range<Int>, with literal: StaticString) -> Bool {
        let length = literal.utf8CodeUnitCount
        return range.count >= length && matches(range.lowerBound..<range.lowerBound + length, literal)
    }

    func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
        var index = range.lowerBound
        while index < range.upperBound {
            if self[index] == byte { return index }
            index += 1
        }
        return nil
    }

    /// The range without spaces and tabs at its ends.
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var lower = range.lowerBound
        var upper = range.upperBound
        while lower < upper, isBlank(self[lower]) { lower += 1 }
        while upper > lower, isBlank(self[upper - 1]) { upper -= 1 }
        return lower..<upper
    }

    /// A whole decimal number of at most 18 digits, or nil.
    func decimal(_ range: Range<Int>) -> Int? {
        guard (1...18).contains(range.count) else { return nil }
        var value = 0
        for index in range {
            let digit = self[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }

    func text(_ range: Range<Int>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        for index in range {
            // What isn't ASCII is shown as a question mark: these texts are labels in tables.
            text.append(self[index] < 0x80 ? self[index] : UInt8(ascii: "?"))
        }
        return String(decoding: text, as: UTF8.self)
    }

    private func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }

    private func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}
