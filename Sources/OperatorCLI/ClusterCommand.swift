/// A command to the whole cluster, as the origin's own API has it (`POST /vignette/v1/commands`).
struct ClusterCommand: Encodable, Equatable {
    enum Kind: String, Encodable {
        case purge, erase, lift
    }

    enum Scope: Equatable {
        case url(String)
        case source(String)
        case all
        /// A scope that this version has no words for. Never sent.
        case other
    }

    var kind: Kind
    var scope: Scope
}

extension ClusterCommand.Scope: Codable {
    private enum Keys: String, CodingKey {
        case url, source, all
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Keys.self)
        if let url = try values.decodeIfPresent(String.self, forKey: .url) {
            self = .url(url)
        } else if let source = try values.decodeIfPresent(String.self, forKey: .source) {
            self = .source(source)
        } else {
            self = try values.decodeIfPresent(Bool.self, forKey: .all) == true ? .all : .other
        }
    }

    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Keys.self)
        switch self {
        case .url(let url): try values.encode(url, forKey: .url)
        case .source(let path): try values.encode(path, forKey: .source)
        case .all: try values.encode(true, forKey: .all)
        case .other: break
        }
    }
}

/// How far a command is (`GET /vignette/v1/commands/{revision}`).
struct CommandProgress: Codable, Equatable {
    enum Status: String, Codable {
        case pending = "Pending"
        case completed = "Completed"
    }

    struct Node: Codable, Equatable {
        var name: String
        /// `applied`, `waiting`, `lease-run-out`, `ended`, or a word of a later version.
        var state: String
        /// While it is waited for: how long that lasts at most.
        var atMostMilliseconds: Int?
    }

    var revision: UInt64
    var kind: String
    var scope: ClusterCommand.Scope?
    var status: Status
    var nodes: [Node]
}

/// The answer to a new command.
struct AcceptedCommand: Decodable {
    var revision: UInt64
}

/// The cluster as the journal sees it (`GET /vignette/v1/status`).
struct ClusterStatus: Codable, Equatable {
    struct Node: Codable, Equatable {
        var name: String
        /// The last revision that it has acknowledged.
        var acknowledged: UInt64
        /// How long it may still answer without hearing from an origin.
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
    /// Nodes that hold a lease.
    var nodes: [Node]
    /// The last commands, newest first.
    var commands: [Command]?
}

/// Any other answer of the API.
struct Refusal: Decodable {
    var message: String
    var help: String?
}
