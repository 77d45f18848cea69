/// Where path and query lie in a raw request target, and the walk over their parts; nothing is decoded here.
///
/// Parser and signature check both stand on these walks, so they cannot disagree about where a part ends.
struct RawTarget {
    let path: Range<Int>
    /// After the `?`; nil when there is none. Empty and absent are different to a signature.
    let query: Range<Int>?

    init(_ raw: Span<UInt8>) {
        var end = 0
        while end < raw.count, raw[end] != UInt8(ascii: "?") { end += 1 }
        path = 0..<end
        query = end < raw.count ? (end + 1)..<raw.count : nil
    }

    /// The next part of `rest` up to `separator`; `rest` then begins after it, nil when that was the last part.
    static func takePart(_ raw: Span<UInt8>, of rest: inout Range<Int>?, separator: UInt8) -> Range<Int>? {
        guard let range = rest else { return nil }
        var end = range.lowerBound
        while end < range.upperBound, raw[end] != separator { end += 1 }
        rest = end < range.upperBound ? (end + 1)..<range.upperBound : nil
        return range.lowerBound..<end
    }
}

/// A query parameter, by the meaning of its name.
enum QueryParameter {
    case transformation
    case signature
    case expiry
    /// Read by nobody: the version tag of old SDKs.
    case ignored
    /// Belongs to us by its name and is not supported yet.
    case reserved
    /// The storage's.
    case foreign

    /// - Parameter name: percent-decoded.
    init(name: [UInt8]) {
        switch String(decoding: name, as: UTF8.self) {
        case "tr": self = .transformation
        case "ik-s": self = .signature
        case "ik-t": self = .expiry
        case "ik-sdk-version": self = .ignored
        case let text where text.utf8.starts(with: "ik-".utf8): self = .reserved
        default: self = .foreign
        }
    }
}

extension RawTarget {
    /// Name and value of the query part `part`; the value of `a` without `=` is empty.
    static func split(_ raw: Span<UInt8>, _ part: Range<Int>) throws(ImageURLError) -> (
        parameter: QueryParameter, name: [UInt8], value: Range<Int>
    ) {
        var end = part.lowerBound
        while end < part.upperBound, raw[end] != UInt8(ascii: "=") { end += 1 }
        var name: [UInt8] = []
        try appendPercentDecoded(raw, part.lowerBound..<end, to: &name, place: "a query parameter's name")
        return (QueryParameter(name: name), name, min(end + 1, part.upperBound)..<part.upperBound)
    }
}
