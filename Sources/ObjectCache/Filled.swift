public import CacheProtocol

/// What a fill brings.
public struct Filled: Sendable {
    public var metadata: ObjectMetadata
    public var body: SharedBytes
    /// False for an answer that only those who wait for it may have.
    public var mayStore: Bool

    public init(metadata: ObjectMetadata, body: SharedBytes, mayStore: Bool = true) {
        self.metadata = metadata
        self.body = body
        self.mayStore = mayStore
    }
}

/// How a request came to its object.
public enum FillRole: Hashable, Sendable {
    /// It started the fill.
    case led
    /// It waited for another request's fill (RFC 9211 `collapsed`).
    case collapsed
    /// A fill had ended just before.
    case found
}
