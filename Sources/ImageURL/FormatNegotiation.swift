/// Which modern formats a client takes, by the value of its `Accept` header (RFC 9110 §12.5.1). Several header lines:
/// the union of their classes.
///
/// `q=0` and weights that are no weights count as not taken. `image/*` and `*/*` do not count as WebP or AVIF: clients
/// that send only wildcards include those that can show neither.
public func negotiatedAccept(header: Span<UInt8>) -> AcceptClass {
    var accepted: AcceptClass = []
    var start = 0
    let length = min(header.count, longestAcceptHeader)
    while start < length {
        var end = start
        while end < length, header[end] != UInt8(ascii: ",") { end += 1 }
        accepted.formUnion(acceptedFormat(header, start..<end))
        start = end + 1
    }
    return accepted
}

public func negotiatedAccept(header: String) -> AcceptClass {
    negotiatedAccept(header: header.utf8.span)
}

/// The part of the client's class that can change the answer to this recipe: nothing when the recipe names a format.
/// It belongs to the variant's identity, and the answer varies by `Accept` exactly when ``negotiatesFormat(_:)``.
public func effectiveAccept(_ recipe: Recipe, _ accept: AcceptClass, endpoint: Endpoint) -> AcceptClass {
    guard negotiatesFormat(recipe) else { return [] }
    return accept.intersection(endpoint.avifAuto ? [.webp, .avif] : .webp)
}

/// The answer depends on `Accept`, so it carries `Vary: Accept`.
public func negotiatesFormat(_ recipe: Recipe) -> Bool {
    recipe.output.format == .auto
}

/// Bytes of an `Accept` header that are read; what comes later cannot name a format that matters to a real client.
private let longestAcceptHeader = 2048

private func acceptedFormat(_ header: Span<UInt8>, _ range: Range<Int>) -> AcceptClass {
    var parts = ParameterWalk(range)
    guard let type = parts.next(header) else { return [] }
    let format: AcceptClass
    if matches(header, type, "image/webp") {
        format = .webp
    } else if matches(header, type, "image/avif") {
        format = .avif
    } else {
        return []
    }
    while let parameter = parts.next(header) {
        if parameter.count >= 2, header[parameter.lowerBound] | 0x20 == UInt8(ascii: "q"),
            header[parameter.lowerBound + 1] == UInt8(ascii: "=")
        {
            return isPositiveWeight(header, (parameter.lowerBound + 2)..<parameter.upperBound) ? format : []
        }
    }
    return format
}

/// Splits a media range at `;` and trims the white space that RFC 9110 allows there.
private struct ParameterWalk {
    private var rest: Range<Int>?

    init(_ range: Range<Int>) {
        rest = range
    }

    mutating func next(_ bytes: Span<UInt8>) -> Range<Int>? {
        guard var part = RawTarget.takePart(bytes, of: &rest, separator: UInt8(ascii: ";")) else { return nil }
        while let first = part.first, isSpace(bytes[first]) { part.removeFirst() }
        while let last = part.last, isSpace(bytes[last]) { part.removeLast() }
        return part
    }

    private func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}

private func matches(_ bytes: Span<UInt8>, _ range: Range<Int>, _ lowercase: StaticString) -> Bool {
    guard range.count == lowercase.utf8CodeUnitCount else { return false }
    for (offset, index) in range.enumerated() {
        let byte = bytes[index]
        let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
        if (isUpper ? byte | 0x20 : byte) != lowercase.utf8Start[offset] { return false }
    }
    return true
}

/// A weight of RFC 9110 §12.4.2 (`0`, `0.5`, `1`, `1.000`) above zero.
private func isPositiveWeight(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
    guard (1...5).contains(range.count) else { return false }
    var isPositive = false
    for (offset, index) in range.enumerated() {
        let byte = bytes[index]
        if offset == 1 {
            if byte != UInt8(ascii: ".") { return false }
        } else {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return false }
            if offset == 0, byte > UInt8(ascii: "1") { return false }
            isPositive = isPositive || byte != UInt8(ascii: "0")
        }
    }
    return isPositive
}
