/// A place in the journal: gapless, increasing, 0 before the first command.
@frozen
public struct Revision: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    public var rawValue: UInt64

    @inlinable
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// Before every command.
    public static let zero = Revision(rawValue: 0)

    @inlinable
    public var next: Revision {
        Revision(rawValue: rawValue + 1)
    }

    @inlinable
    public static func < (left: Revision, right: Revision) -> Bool {
        left.rawValue < right.rawValue
    }

    public var description: String {
        String(rawValue)
    }
}
