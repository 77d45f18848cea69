import CacheProtocol
import Journal

/// How far the bytes of an erase are destroyed.
struct RemovalJSON: Encodable {
    struct Node: Encodable {
        var name: String
        var role: String
        /// `removed`, `pending`, `unproven`.
        var state: String
        /// Only once it is `removed`.
        var objects: UInt64?
        var bytes: UInt64?
        var at: String?
    }

    /// `Pending` or `Removed`.
    var status: String
    var at: String?
    var nodes: [Node]

    init(_ removal: RemovalStatus) {
        status = removal.isRemoved ? "Removed" : "Pending"
        at = removal.removedAt.map(APITime.text)
        nodes = removal.nodes.map { node in
            var json = Node(
                name: node.identity.name, role: "\(node.identity.role)", state: node.state.word, objects: nil, bytes: nil, at: nil)
            if case .removed(let report) = node.state {
                (json.objects, json.bytes, json.at) = (report.objects, report.bytes, APITime.text(report.at))
            }
            return json
        }
    }
}
