/// Why the worker gave no image. Only numbers and enumerations mean something; texts are for people.
public struct TransformFailure: Error, Hashable, Sendable {
    public enum Kind: UInt8, Sendable, CaseIterable {
        /// The bytes are no image of any kind known.
        case notAnImage = 1
        /// A kind of file that is known and not read; `subject` names it.
        case unsupported = 2
        case corrupt = 3
        /// Corrupt, because the bytes end before the image does.
        case truncated = 4
        /// `limit`, `actual` and `allowed` say what is too large.
        case tooLarge = 5
        /// The recipe or the worker is at fault, not the source.
        case internalError = 6
    }

    public enum Limit: UInt8, Sendable, CaseIterable {
        case none = 0
        case inputBytes = 1
        case inputPixels = 2
        case animationPixels = 3
        case outputPixels = 4
        case outputBytes = 5
        /// A side longer than the output format can hold.
        case outputSide = 6
    }

    public let kind: Kind
    public let limit: Limit
    public let actual: Int
    public let allowed: Int
    /// Short, printable ASCII: it may stand in an answer to a user.
    public let subject: String
    /// For the log only.
    public let diagnostic: String

    public init(
        _ kind: Kind, limit: Limit = .none, actual: Int = 0, allowed: Int = 0, subject: String = "",
        diagnostic: String = ""
    ) {
        self.kind = kind
        self.limit = limit
        self.actual = actual
        self.allowed = allowed
        self.subject = BoundedText.subject.fitted(subject)
        self.diagnostic = BoundedText.diagnostic.fitted(diagnostic)
    }

    public static func tooLarge(
        _ limit: Limit, actual: Int, allowed: Int, subject: String = ""
    ) -> TransformFailure {
        TransformFailure(.tooLarge, limit: limit, actual: actual, allowed: allowed, subject: subject)
    }
}
