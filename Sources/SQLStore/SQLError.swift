/// Why the database did not do what it was asked. Equal on the code only.
public struct SQLError: Error, Hashable, Sendable, CustomStringConvertible {
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// A bounded word, for metrics and logs.
        public let description: String

        /// Another process holds the database's lock.
        public static let busy = Code(description: "busy")
        /// The disk or the quota is used up.
        public static let full = Code(description: "full")
        /// The disk failed, or the file can't be opened or written.
        public static let inputOutput = Code(description: "io")
        /// What was read is not what was written.
        public static let damaged = Code(description: "damaged")
        /// The database was made by a newer version of this software.
        public static let newer = Code(description: "newer")
        /// A uniqueness or other rule of a table was broken.
        public static let constraint = Code(description: "constraint")
        /// The database was closed.
        public static let closed = Code(description: "closed")
        public static let other = Code(description: "other")
    }

    public let code: Code
    /// For people: what is wrong, where, and what to do.
    public let description: String

    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// Whether the same call may succeed later without anybody doing anything about it.
    public var mayRetry: Bool {
        [.busy, .full, .inputOutput].contains(code)
    }

    public static func == (left: SQLError, right: SQLError) -> Bool {
        left.code == right.code
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
    }
}
