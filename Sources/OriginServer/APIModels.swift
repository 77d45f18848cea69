import CacheProtocol
import Foundation
import Journal

/// The API's JSON, field by field as docs/api.md has it.
struct CommandRequestJSON: Decodable {
    var kind: String
    var scope: ScopeJSON
    var by: String?

    func kindAndSubject() throws(CommandRefusal) -> (CommandKind, CommandSubject) {
        let kinds: [String: CommandKind] = ["purge": .hardPurge, "erase": .erase, "lift": .lift]
        guard let kind = kinds[kind] else {
            throw CommandRefusal("kind is \"\(kind)\"; it is purge, erase or lift.")
        }
        switch (scope.url, scope.source, scope.all) {
        case (let url?, nil, nil): return (kind, .url(url))
        case (nil, let source?, nil): return (kind, .source(source))
        case (nil, nil, true?): return (kind, .all)
        default: throw CommandRefusal("scope holds one of url, source and all, and all is true where it stands.")
        }
    }
}

/// What a command names, in the operator's words: one of the three.
struct ScopeJSON: Codable {
    var url: String?
    var source: String?
    var all: Bool?

    init(_ command: Command) {
        switch command.scope {
        case .url: url = command.label
        case .source: source = command.label
        case .all: all = true
        case .tag, .site: break
        }
    }
}

struct CommandJSON: Encodable {
    struct Node: Encodable {
        var name: String
        var role: String
        var state: String
        /// For which the node may still be waited for; only while it is.
        var atMostMilliseconds: UInt64?
        var at: String?
    }

    var revision: UInt64
    var kind: String
    var scope: ScopeJSON
    var issuedBy: String
    var issuedAt: String
    var status: String
    var completedAt: String?
    /// From the append to the completion.
    var elapsedMilliseconds: Int64?
    var nodes: [Node]

    init(_ status: CommandStatus) {
        let entry = status.entry
        revision = entry.revision.rawValue
        kind = entry.command.kind.word
        scope = ScopeJSON(entry.command)
        issuedBy = entry.issuedBy
        issuedAt = Self.time(entry.issuedAt)
        self.status = status.isCompleted ? "Completed" : "Pending"
        completedAt = status.completedAt.map(Self.time)
        elapsedMilliseconds = status.completedAt.map { $0 - entry.issuedAt }
        nodes = status.nodes.map { node in
            var json = Node(
                name: node.identity.name, role: "\(node.identity.role)", state: node.state.word, atMostMilliseconds: nil, at: nil)
            switch node.state {
            case .waiting(let atMost): json.atMostMilliseconds = atMost
            case .settled(_, let at): json.at = Self.time(at)
            }
            return json
        }
    }

    /// `2026-11-24T22:31:22.123Z` (reference §0.4).
    static func time(_ milliseconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000)
            .formatted(.iso8601.year().month().day().dateSeparator(.dash).time(includingFractionalSeconds: true)
                .timeZone(separator: .omitted))
    }
}

struct StatusJSON: Encodable {
    struct Node: Encodable {
        var name: String
        var role: String
        var acknowledged: UInt64
        var leaseMilliseconds: UInt64
    }

    var journal: String
    var revision: UInt64
    var nodes: [Node]
    var commands: [CommandJSON]
}

/// `POST /v1/files/purge` (reference §6).
struct PurgeRequestJSON: Decodable {
    var url: String
}

struct PurgeAcceptedJSON: Encodable {
    /// 24 hexadecimal digits, like every id of this API: the revision.
    var requestId: String

    init(_ revision: Revision) {
        let digits = String(revision.rawValue, radix: 16)
        requestId = String(repeating: "0", count: 24 - digits.count) + digits
    }

    static func revision(of requestId: String) -> Revision? {
        guard requestId.utf8.count == 24, let raw = UInt64(requestId, radix: 16) else { return nil }
        return Revision(rawValue: raw)
    }
}

struct PurgeStatusJSON: Encodable {
    var status: String
}
