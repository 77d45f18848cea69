/// Why a load test could not be prepared or run. Two errors are equal when their codes are.
public struct LoadTestError: Error, Equatable, CustomStringConvertible {
    private enum Kind {
        case target, scenario, cluster, noAnswer, tool, machine, interrupted
    }

    public struct Code: Sendable, Equatable {
        private let kind: Kind

        /// An endpoint that is not plain HTTP on a loopback address.
        public static let target = Code(kind: .target)
        /// A scenario file, a list or a setting that can't be used.
        public static let scenario = Code(kind: .scenario)
        /// `cluster.json` is missing, unreadable or names no edge.
        public static let cluster = Code(kind: .cluster)
        /// No endpoint answered at all, so there is nothing to measure.
        public static let noAnswer = Code(kind: .noAnswer)
        /// A program that the run needs is missing, or did not do what it was started for.
        public static let tool = Code(kind: .tool)
        /// The machine, or who we are on it, does not allow the run.
        public static let machine = Code(kind: .machine)
        /// Somebody ended the run.
        public static let interrupted = Code(kind: .interrupted)
    }

    public let code: Code
    /// For people: what is wrong, where, and what to do.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }

    public static func == (left: LoadTestError, right: LoadTestError) -> Bool {
        left.code == right.code
    }
}
