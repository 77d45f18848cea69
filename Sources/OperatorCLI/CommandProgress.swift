/// How far a command is (`GET /vignette/v1/commands/{revision}`).
struct CommandProgress: Codable, Equatable {
    enum Status: String, Codable {
        case pending = "Pending"
        case completed = "Completed"
    }

    struct Node: Codable, Equatable {
        var name: String
        /// `applied`, `waiting`, `lease-run-out`, `ended`, `declared-dead`, `forgotten`, or a word of a later version.
        var state: String
        /// While it is waited for: how long that lasts at most.
        var atMostMilliseconds: Int?
        /// When it was settled.
        var at: String?
    }

    /// Of an erase: how far the bytes are destroyed.
    struct Removal: Codable, Equatable {
        enum Status: String, Codable {
            case pending = "Pending"
            case removed = "Removed"
        }

        struct Node: Codable, Equatable {
            var name: String
            /// `removed`, `pending`, `unproven`, or a word of a later version.
            var state: String
            var objects: UInt64?
            var bytes: UInt64?
            var at: String?
        }

        var status: Status
        var at: String?
        var nodes: [Node]
    }

    var revision: UInt64
    var kind: String
    var scope: ClusterCommand.Scope?
    var issuedBy: String?
    var issuedAt: String?
    var status: Status
    var nodes: [Node]
    var removal: Removal?
}
