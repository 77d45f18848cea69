/// What of a client's `Accept` can change an answer: the modern formats it takes. Everything else about the header is
/// noise that would split the cache.
public struct AcceptClass: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    public static let webp = AcceptClass(rawValue: 1)
    public static let avif = AcceptClass(rawValue: 2)
}
