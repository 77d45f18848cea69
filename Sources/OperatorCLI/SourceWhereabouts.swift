/// Where the cluster keeps bytes of one source (`GET /vignette/v1/where`).
struct SourceWhereabouts: Codable, Equatable {
    struct Record: Codable, Equatable {
        /// `variants` or `sources`.
        var cache: String
        /// `memory`, `disk`, `pending`, `dead`.
        var tier: String
        var key: String
        var contentType: String
        var bytes: UInt64
    }

    struct Node: Codable, Equatable {
        var name: String
        var role: String
        var records: [Record]
        /// Why the node could not tell, or not all.
        var failure: String?
    }

    struct Silent: Codable, Equatable {
        var name: String
        /// Why nothing was heard of it.
        var reason: String
    }

    var source: String
    var nodes: [Node]
    /// Nodes that did not answer.
    var silent: [Silent]
}
