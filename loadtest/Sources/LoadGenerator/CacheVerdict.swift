/// What a `Cache-Status` field says about the cache nearest to the client (RFC 9211).
struct CacheVerdict: Equatable, Sendable {
    enum Outcome: Int, CaseIterable, Sendable {
        /// No Cache-Status at all.
        case none
        case hit
        /// A hit with a negative `ttl`: answered from the cache although no longer fresh.
        case hitStale
        /// Forwarded: `fwd=uri-miss`, `vary-miss` or `miss`.
        case miss
        /// Forwarded to revalidate or replace a stale answer: `fwd=stale`.
        case stale
        case bypass
        case request
        case partial
        case method
        /// Neither `hit` nor a `fwd` that RFC 9211 §2.2 knows.
        case other

        var label: String {
            switch self {
            case .hitStale: "hit-stale"
            default: "\(self)"
            }
        }
    }

    var outcome: Outcome
    /// `collapsed`: answered by another request's fetch.
    var collapsed = false
    /// `detail`, without quotes.
    var detail: String?

    static let absent = CacheVerdict(outcome: .none)

    private init(outcome: Outcome) {
        self.outcome = outcome
    }

    /// Reads the last member of the list in `range`: caches append themselves, so it speaks for the one the client asked
    /// (RFC 9211 §2).
    init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        outcome = .other
        var start = range.lowerBound
        while let comma = Self.separator(bytes, start..<range.upperBound, UInt8(ascii: ",")) {
            start = comma + 1
        }
        var isHit = false
        var isOverdue = false
        var isCacheName = true
        while start < range.upperBound {
            let end = Self.separator(bytes, start..<range.upperBound, UInt8(ascii: ";")) ?? range.upperBound
            let parameter = bytes.trimmed(start..<end)
            start = end + 1
            if isCacheName {
                isCacheName = false
                continue
            }
            let equals = bytes.firstIndex(of: UInt8(ascii: "="), in: parameter)
            let name = parameter.lowerBound..<(equals ?? parameter.upperBound)
            let value = equals.map { $0 + 1..<parameter.upperBound }
            if bytes.matches(name, "hit") {
                isHit = Self.isTrue(bytes, value)
            } else if bytes.matches(name, "fwd"), let value {
                outcome = Self.forwarded(bytes, value)
            } else if bytes.matches(name, "ttl"), let value {
                isOverdue = value.count > 1 && bytes[value.lowerBound] == UInt8(ascii: "-")
            } else if bytes.matches(name, "collapsed") {
                collapsed = Self.isTrue(bytes, value)
            } else if bytes.matches(name, "detail"), let value {
                detail = Self.unquoted(bytes, value)
            }
        }
        if isHit {
            outcome = isOverdue ? .hitStale : .hit
        }
    }

    private static func forwarded(_ bytes: Span<UInt8>, _ value: Range<Int>) -> Outcome {
        if bytes.matches(value, "uri-miss") || bytes.matches(value, "vary-miss") || bytes.matches(value, "miss") { return .miss }
        if bytes.matches(value, "stale") { return .stale }
        if bytes.matches(value, "bypass") { return .bypass }
        if bytes.matches(value, "request") { return .request }
        if bytes.matches(value, "partial") { return .partial }
        if bytes.matches(value, "method") { return .method }
        return .other
    }

    /// A parameter without a value is true; `?0` is false (RFC 8941 §3.1.2).
    private static func isTrue(_ bytes: Span<UInt8>, _ value: Range<Int>?) -> Bool {
        value.map { bytes.matches($0, "?1") } ?? true
    }

    private static func unquoted(_ bytes: Span<UInt8>, _ value: Range<Int>) -> String {
        let quote = UInt8(ascii: "\"")
        guard value.count >= 2, bytes[value.lowerBound] == quote, bytes[value.upperBound - 1] == quote else {
            return bytes.text(value)
        }
        return bytes.text(value.lowerBound + 1..<value.upperBound - 1)
    }

    /// The first `byte` outside quoted strings.
    private static func separator(_ bytes: Span<UInt8>, _ range: Range<Int>, _ byte: UInt8) -> Int? {
        var isQuoted = false
        var index = range.lowerBound
        while index < range.upperBound {
            switch bytes[index] {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: "\\") where isQuoted: index += 1
            case byte where !isQuoted: return index
            default: break
            }
            index += 1
        }
        return nil
    }
}
