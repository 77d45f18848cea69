/// What keeps a node from taking part in the cluster.
public struct NodeAgentError: Error, Sendable, CustomStringConvertible {
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String { case folderInUse, folderUnusable, refused, unreachable, badAnswer, superseded }
        private let value: Value

        /// Another process holds the data folder.
        public static let folderInUse = Code(value: .folderInUse)
        /// The data folder can't be made, read or written.
        public static let folderUnusable = Code(value: .folderUnusable)
        /// The origin does not take this node's token or protocol version.
        public static let refused = Code(value: .refused)
        /// No origin answers; worth another try.
        public static let unreachable = Code(value: .unreachable)
        /// An origin's answer is not of the cache protocol.
        public static let badAnswer = Code(value: .badAnswer)
        /// A later process with this data folder has joined.
        public static let superseded = Code(value: .superseded)

        public var description: String { value.rawValue }
    }

    public let code: Code
    /// What is wrong, where, and what to do.
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
