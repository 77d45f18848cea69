/// What a client saw: one line of the log that the checker judges. Instants are nanoseconds of CLOCK_MONOTONIC of the
/// checker's own process; no node's clock is believed.
struct ClientAnswer: Sendable, Equatable {
    var edge: Int
    var source: Int
    var variant: Int
    var status: Int
    /// The nearest cache says that it had it.
    var isHit: Bool
    /// Nil when the body of a 200 is no whole picture of ours.
    var version: Int?
    /// Of the body: equal versions of one variant are equal bytes.
    var digest: UInt64
    var sent: UInt64
    var received: UInt64
}

enum ProofCommandKind: String, Sendable {
    case purge, erase, lift
}

/// What a command names.
enum ProofScope: Sendable, Hashable, CustomStringConvertible {
    /// One variant of one source.
    case url(source: Int, variant: Int)
    case source(Int)
    case all

    var description: String {
        switch self {
        case .url(let source, let variant): "URL \(source)/\(variant)"
        case .source(let source): "source \(source)"
        case .all: "all"
        }
    }
}

/// Why a history breaks the promise, or something smaller that no crash may cost.
struct Violation: Sendable, Equatable, CustomStringConvertible {
    enum Kind: String, Sendable, CaseIterable {
        /// Bytes older than what the storage held when a command was issued that was Completed before the request.
        case oldBytes = "old bytes"
        /// A 200 after an erase was Completed and before its lift was issued.
        case erasedBytes = "erased bytes"
        /// A 410 without an erase, or after its lift was Completed.
        case goneWithoutErase = "410 without an erase"
        /// Two answers of one version of one variant differ, or an answer is no picture.
        case corruptBytes = "corrupt bytes"
        /// An object that no command touched was not in the cache any more.
        case lostObject = "untouched object lost"
        /// A status that no fault explains.
        case unexplainedStatus = "unexplained status"
        /// A command that was acknowledged is not in the journal.
        case lostCommand = "acknowledged command lost"
        /// A command that did not complete although every fault had ended.
        case neverCompleted = "command never completed"
    }

    var kind: Kind
    var detail: String

    var description: String { "\(kind.rawValue): \(detail)" }
}
