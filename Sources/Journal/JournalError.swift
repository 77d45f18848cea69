internal import CacheProtocol

/// What the journal or its desk refuses. Equal on the code only.
public struct JournalError: Error, Hashable, Sendable, CustomStringConvertible {
    private enum Code: String, Sendable {
        case superseded, damaged, tooLong, stopped, folded, unfinished, tooManyErased, unknownNode, ambiguousNode, malformed
    }

    private let code: Code
    /// For people: what is wrong, where, and what to do.
    public let description: String

    /// A bounded word, for metrics and logs.
    public var label: String { code.rawValue }

    public static func == (left: JournalError, right: JournalError) -> Bool {
        left.code == right.code
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
    }

    /// The process is not, or no longer, the one that its data folder belongs to.
    public static let superseded = JournalError(
        code: .superseded, description: "a later process has joined with this data folder, or this one has left")
    /// The desk has stopped: another origin, or this one after its restart, takes the call.
    public static let stopped = JournalError(code: .stopped, description: "this origin is shutting down: try again")

    /// Followers take the snapshot.
    public static let folded = JournalError(
        code: .folded, description: "the journal keeps these entries only folded into its snapshot")

    static func malformed(_ what: String) -> JournalError {
        JournalError(code: .malformed, description: what)
    }

    static func unfinished(_ revision: Revision) -> JournalError {
        JournalError(
            code: .unfinished,
            description: "revision \(revision) is not completed, so the journal can't be folded through it yet")
    }

    static func tooManyErased(_ count: Int, limit: Int) -> JournalError {
        JournalError(
            code: .tooManyErased,
            description:
                "\(count) sources would be erased at one time; \(limit) can be: lift erases of images that the storage has not any more"
        )
    }

    static func unknownNode(_ name: String) -> JournalError {
        JournalError(
            code: .unknownNode,
            description: "no node that ever joined is called \(name), or has it for its data folder: see the status")
    }

    static func ambiguousNode(_ name: String, folders: [String]) -> JournalError {
        JournalError(
            code: .ambiguousNode,
            description:
                "\(folders.count) nodes are called \(name): give the data folder of the one that is meant (\(folders.joined(separator: ", ")))"
        )
    }

    static func damaged(_ what: String) -> JournalError {
        JournalError(
            code: .damaged,
            description: "the journal's database holds what was never written to it (\(what)): restore it from a backup"
        )
    }

    static func tooLong(_ length: Int, limit: Int) -> JournalError {
        JournalError(
            code: .tooLong,
            description: "a command of \(length) bytes; \(limit) are allowed: name fewer URLs or sources in one command"
        )
    }

    static func wire(_ error: WireError, in what: String) -> JournalError {
        damaged("\(what): \(error.description)")
    }
}
