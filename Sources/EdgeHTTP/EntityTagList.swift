/// The value of `If-None-Match` (RFC 9110 §13.1.2): `*`, or entity tags with commas between them.
enum EntityTagList {
    /// Compares weakly (§8.8.3.2): `W/` counts on neither side. A list that is malformed matches as far as it could be
    /// read, because a needless 200 harms nobody.
    ///
    /// - Parameter tag: With its quotes; an empty one is matched by nothing.
    static func matches(_ list: Span<UInt8>, _ tag: String) -> Bool {
        var tag = Substring(tag)
        guard !tag.isEmpty else { return false }
        if tag.hasPrefix("W/") { tag = tag.dropFirst(2) }
        if list.count == 1, list[0] == UInt8(ascii: "*") { return true }
        var index = 0
        while index < list.count {
            let byte = list[index]
            if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: ",") {
                index += 1
                continue
            }
            if list.has("W/", at: index) { index += 2 }
            guard index < list.count, list[index] == UInt8(ascii: "\"") else { return false }
            var end = index + 1
            while end < list.count, list[end] != UInt8(ascii: "\"") { end += 1 }
            guard end < list.count else { return false }
            if equal(list, index..<(end + 1), tag) { return true }
            index = end + 1
        }
        return false
    }

    private static func equal(_ list: Span<UInt8>, _ range: Range<Int>, _ tag: Substring) -> Bool {
        guard range.count == tag.utf8.count else { return false }
        var index = range.lowerBound
        for byte in tag.utf8 {
            guard list[index] == byte else { return false }
            index += 1
        }
        return true
    }
}
