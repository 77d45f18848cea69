/// What the value of `Range` means for a representation of some length (RFC 9110 §14.1.2, §14.2).
enum ByteRanges: Equatable {
    /// Of another unit, malformed, or more than is worth taking apart: the whole is sent, as if there were no such field.
    case ignored
    /// In ascending order; ranges that overlap or lie nearer than a part's own head would take are one.
    case satisfiable([Range<Int>])
    /// 416.
    case unsatisfiable

    /// More are a mistake or an attack (RFC 9110 §17.15).
    static let most = 16
    private static let near = 80

    /// - Parameter length: At least 1.
    init(_ field: Span<UInt8>, length: Int) {
        guard field.count > 6, field.isName("bytes", 0..<5), field[5] == UInt8(ascii: "=") else {
            self = .ignored
            return
        }
        var ranges: [Range<Int>] = []
        var count = 0
        var start = 6
        while start <= field.count {
            var end = start
            while end < field.count, field[end] != UInt8(ascii: ",") { end += 1 }
            var item = start..<end
            while let first = item.first, HeaderField.isBlank(field[first]) { item.removeFirst() }
            while let last = item.last, HeaderField.isBlank(field[last]) { item.removeLast() }
            start = end + 1
            // RFC 9110 §5.6.1.2: empty elements count for nothing.
            if item.isEmpty { continue }
            count += 1
            guard count <= Self.most, let spec = Spec(field, item) else {
                self = .ignored
                return
            }
            if let range = spec.range(in: length) { ranges.append(range) }
        }
        if count == 0 {
            self = .ignored
        } else {
            self = ranges.isEmpty ? .unsatisfiable : .satisfiable(Self.merged(ranges))
        }
    }

    private static func merged(_ ranges: [Range<Int>]) -> [Range<Int>] {
        var merged: [Range<Int>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound + near {
                merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        return merged
    }

    /// `0-499`, `500-` or `-500`.
    private struct Spec {
        var first: Int?
        var last: Int?

        init?(_ field: Span<UInt8>, _ item: Range<Int>) {
            guard let dash = item.first(where: { field[$0] == UInt8(ascii: "-") }) else { return nil }
            let (before, behind) = (item.lowerBound..<dash, dash + 1..<item.upperBound)
            if !before.isEmpty {
                guard let number = Self.number(field, before) else { return nil }
                first = number
            }
            if !behind.isEmpty {
                guard let number = Self.number(field, behind) else { return nil }
                last = number
            }
            guard first != nil || last != nil else { return nil }
            if let first, let last, last < first { return nil }
        }

        /// Digits alone; a number that is too large for us is beyond the end of everything.
        private static func number(_ field: Span<UInt8>, _ digits: Range<Int>) -> Int? {
            var number = 0
            for index in digits {
                let byte = field[index]
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
                number = overflow || tens > Int.max - 9 ? Int.max - 9 : tens + Int(byte - UInt8(ascii: "0"))
            }
            return number
        }

        func range(in length: Int) -> Range<Int>? {
            switch (first, last) {
            case (let first?, let last): first < length ? first..<min(last ?? length, length - 1) + 1 : nil
            case (nil, let suffix?): suffix > 0 ? max(0, length - suffix)..<length : nil
            case (nil, nil): nil
            }
        }
    }
}
