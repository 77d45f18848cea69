/// The cluster as the journal sees it (`GET /vignette/v1/status`).
struct ClusterStatus: Codable, Equatable {
    struct Node: Codable, Equatable {
        var name: String
        /// `active`, `left`, `forgotten`, `declared-dead`, or a word of a later version.
        var state: String?
        /// The last revision that it has acknowledged, where that is known.
        var acknowledged: UInt64?
        /// How long it may still answer without hearing from an origin; 0: it may not.
        var leaseMilliseconds: Int
    }

    struct Command: Codable, Equatable {
        var revision: UInt64
        var kind: String
        var scope: ClusterCommand.Scope?
        var status: CommandProgress.Status
    }

    /// The journal's last revision.
    var revision: UInt64
    /// Every node that ever joined.
    var nodes: [Node]
    /// The last commands, newest first.
    var commands: [Command]?
}
