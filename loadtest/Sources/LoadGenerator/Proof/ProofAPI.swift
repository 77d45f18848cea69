internal import Foundation

/// The commands API as a client sees it (docs/api.md). One connection per request: one that broke says nothing of the next.
struct ProofAPI: Sendable {
    struct Status: Decodable, Sendable {
        struct Node: Decodable, Sendable {
            var name: String
            var state: String
        }

        var revision: Int
        var kind: String
        var status: String
        var elapsedMilliseconds: Int?
        var nodes: [Node]

        var isCompleted: Bool { status == "Completed" }
    }

    enum Reply<Value: Sendable>: Sendable {
        case answered(Value, at: UInt64)
        /// An answer that says no, or something that is no answer of this API.
        case refused(status: Int, text: String)
        /// None came: whether the request was taken is unknown.
        case unanswered
        /// Nobody listens.
        case notSent
    }

    let endpoint: Endpoint
    private let authorization: String
    private let account: String
    /// What a URL's scope starts with: any edge's address does.
    private let base: String

    init(_ cluster: ProofCluster) {
        endpoint = cluster.api
        account = cluster.account
        base = "\(cluster.edges[0].url)/\(cluster.account)"
        authorization = "Basic " + Data("\(cluster.privateKey):".utf8).base64EncodedString()
    }

    func issue(_ kind: ProofCommandKind, _ scope: ProofScope, patience: Int = 30) -> Reply<Status> {
        issue(kind.rawValue, scope: json(scope), patience: patience)
    }

    /// - Parameter scope: the JSON object.
    func issue(_ kind: String, scope: String, patience: Int = 30) -> Reply<Status> {
        ask("POST", "/vignette/v1/commands", "{\"kind\": \"\(kind)\", \"scope\": \(scope), \"by\": \"proof\"}", patience)
    }

    /// - Parameter wait: seconds that the answer may be held back until the command is completed.
    func status(of revision: Int, wait: Int) -> Reply<Status> {
        ask("GET", "/vignette/v1/commands/\(revision)?wait=\(wait)", "", wait + 15)
    }

    /// The path of a variant behind the account.
    static func path(source: Int, variant: Int) -> String {
        "\(ProofVariant.all[variant].path)/\(SourceShelf.name(of: source))"
    }

    private func json(_ scope: ProofScope) -> String {
        switch scope {
        case .url(let source, let variant): "{\"url\": \"\(base)/\(Self.path(source: source, variant: variant))\"}"
        case .source(let source): "{\"source\": \"\(SourceShelf.name(of: source))\"}"
        case .all: "{\"all\": true}"
        }
    }

    private func ask(_ method: String, _ target: String, _ body: String, _ patience: Int) -> Reply<Status> {
        let fields = "Authorization: \(authorization)\r\nContent-Type: application/json\r\nConnection: close\r\n"
        let client = BlockingClient(endpoint, patience: patience)
        guard let answer = client.exchange(method, target, fields: fields, body: Array(body.utf8)) else {
            return client.wasSent ? .unanswered : .notSent
        }
        guard (200...201).contains(answer.head.status),
            let status = try? JSONDecoder().decode(Status.self, from: Data(answer.body))
        else { return .refused(status: answer.head.status, text: String(decoding: answer.body.prefix(300), as: UTF8.self)) }
        return .answered(status, at: answer.received)
    }
}

/// The transformations that a proof asks for: none changes the picture's size, which tells its version.
struct ProofVariant: Sendable {
    let path: String

    static let all = [ProofVariant(path: "tr:f-png"), ProofVariant(path: "tr:q-60,f-jpg"), ProofVariant(path: "tr:q-90,f-jpg")]
}
