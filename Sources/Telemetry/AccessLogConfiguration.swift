public struct AccessLogConfiguration: Sendable {
    public enum Destination: Sendable, Equatable {
        case standardError
        case standardOutput
        /// Appended to; made with mode 0640 where it does not exist.
        case file(String)
        /// Nothing is formatted or written.
        case off
    }

    /// The `node` field of every line.
    public var node: String
    public var destination: Destination = .standardError
    /// Lines that one channel holds until they are written, in bytes. What comes while it is full is dropped and counted.
    public var channelBytes = 256 * 1024
    /// How long a line may wait for company before it is written, in milliseconds.
    public var flushMilliseconds: Int32 = 200
    /// A longer request target is cut in the line, in bytes.
    public var targetBytes = 2048

    public init(node: String) {
        self.node = node
    }
}
