import CacheProtocol
import Foundation
import Journal

/// A command as the API tells of it, field by field as docs/api.md has it.
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
    /// Of an erase.
    var removal: RemovalJSON?
    /// What the operator must know before all is well.
    var warning: String?

    init(_ status: CommandStatus, removal: RemovalJSON? = nil, warning: String? = nil) {
        let entry = status.entry
        revision = entry.revision.rawValue
        kind = entry.command.kind.word
        scope = ScopeJSON(entry.command)
        issuedBy = entry.issuedBy
        issuedAt = APITime.text(entry.issuedAt)
        self.status = status.isCompleted ? "Completed" : "Pending"
        completedAt = status.completedAt.map(APITime.text)
        elapsedMilliseconds = status.completedAt.map { $0 - entry.issuedAt }
        nodes = status.nodes.map { node in
            var json = Node(
                name: node.identity.name, role: "\(node.identity.role)", state: node.state.word, atMostMilliseconds: nil, at: nil)
            switch node.state {
            case .waiting(let atMost): json.atMostMilliseconds = atMost
            case .settled(_, let at): json.at = APITime.text(at)
            }
            return json
        }
        self.removal = removal
        self.warning = warning
    }
}

/// Many commands that were taken at once, in the order they were written in.
struct CommandsTakenJSON: Encodable {
    var revisions: [UInt64]
}

/// `POST /v1/files/purge` (reference/imagekit-api.md §6).
struct PurgeRequestJSON: Decodable {
    var url: String
}

struct PurgeAcceptedJSON: Encodable {
    /// 24 hexadecimal digits, like every id of this API: the revision.
    var requestId: String

    init(_ revision: Revision) {
        requestId = Hexadecimal.text(revision.rawValue, digits: 24)
    }

    static func revision(of requestId: String) -> Revision? {
        guard requestId.utf8.count == 24, let raw = UInt64(requestId, radix: 16) else { return nil }
        return Revision(rawValue: raw)
    }
}

struct PurgeStatusJSON: Encodable {
    var status: String
}

enum Hexadecimal {
    static func text(_ value: UInt64, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
