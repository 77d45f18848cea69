/// Decodes the percent escapes of `raw[range]` once and appends the bytes to `bytes`.
///
/// - Throws: `EBADPATH` for a `%` without two hexadecimal digits, naming `place`.
func appendPercentDecoded(
    _ raw: Span<UInt8>, _ range: Range<Int>, to bytes: inout [UInt8], place: @autoclosure () -> String
) throws(ImageURLError) {
    var index = range.lowerBound
    while index < range.upperBound {
        let byte = raw[index]
        if byte != UInt8(ascii: "%") {
            bytes.append(byte)
            index += 1
            continue
        }
        guard index + 2 < range.upperBound,
            let high = hexadecimal(raw[index + 1]), let low = hexadecimal(raw[index + 2])
        else {
            var escape: [UInt8] = []
            for position in index..<min(index + 3, range.upperBound) { escape.append(raw[position]) }
            throw .badPath("\(quoted(escape)) in \(place()) is no percent escape; a percent sign itself is written %25")
        }
        bytes.append(high << 4 | low)
        index += 3
    }
}

private func hexadecimal(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}

/// The bytes as text, or nil when they are not UTF-8.
func validUTF8(_ bytes: some Sequence<UInt8>) -> String? {
    String(validating: bytes, as: UTF8.self)
}
