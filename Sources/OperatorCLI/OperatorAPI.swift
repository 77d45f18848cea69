import Foundation

/// The origin's own API, spoken to with the account's private key.
struct OperatorAPI: Sendable {
    let baseURL: String
    private let authorization: String
    private let http: any OperatorHTTP

    init(cluster: ClusterFile, http: any OperatorHTTP) {
        baseURL = cluster.apiURL.hasSuffix("/") ? String(cluster.apiURL.dropLast()) : cluster.apiURL
        authorization = "Basic " + Data("\(cluster.privateKey):".utf8).base64EncodedString()
        self.http = http
    }

    /// Returns once the command is durable in the journal, and tells its revision.
    func post(_ command: ClusterCommand) async throws(OperatorError) -> UInt64 {
        if case .node(let name) = command.scope {
            let request = OperatorRequest(
                method: "POST", url: "\(baseURL)/vignette/v1/nodes/\(Self.encoded(name))/\(command.kind.rawValue)",
                headers: ["Content-Type": "application/json"], body: Array("{}".utf8)
            )
            return try await ask(request, for: AcceptedCommand.self).revision
        }
        let body: [UInt8]
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            body = Array(try encoder.encode(command))
        } catch {
            throw OperatorError(.answer, "The command cannot be written as JSON: \(error)")
        }
        let request = OperatorRequest(
            method: "POST", url: "\(baseURL)/vignette/v1/commands",
            headers: ["Content-Type": "application/json"], body: body
        )
        return try await ask(request, for: AcceptedCommand.self).revision
    }

    /// Answers at once where the command is completed, else when it is, or after `waitSeconds`.
    /// - Parameter removed: waits until an erase's bytes are removed as well.
    func progress(
        of revision: UInt64, waitSeconds: Int = 0, removed: Bool = false
    ) async throws(OperatorError) -> CommandProgress {
        let wait = waitSeconds > 0 ? (removed ? "?removed=1&wait=\(waitSeconds)" : "?wait=\(waitSeconds)") : ""
        return try await ask(
            OperatorRequest(
                url: "\(baseURL)/vignette/v1/commands/\(revision)\(wait)", patience: .seconds(10 + waitSeconds)
            ),
            for: CommandProgress.self
        )
    }

    func status() async throws(OperatorError) -> ClusterStatus {
        try await ask(OperatorRequest(url: "\(baseURL)/vignette/v1/status"), for: ClusterStatus.self)
    }

    func whereabouts(of path: String) async throws(OperatorError) -> SourceWhereabouts {
        try await ask(
            OperatorRequest(url: "\(baseURL)/vignette/v1/where?source=\(Self.encoded(path))", patience: .seconds(40)),
            for: SourceWhereabouts.self)
    }

    /// The bytes as the API sends them.
    func receipt(of revision: UInt64) async throws(OperatorError) -> [UInt8] {
        try await ask(OperatorRequest(url: "\(baseURL)/vignette/v1/commands/\(revision)/receipt")).body
    }

    func receiptKey() async throws(OperatorError) -> ReceiptKeyAnswer {
        try await ask(OperatorRequest(url: "\(baseURL)/vignette/v1/receipt-key"), for: ReceiptKeyAnswer.self)
    }

    struct ReceiptKeyAnswer: Decodable {
        /// 32 bytes in base64.
        var publicKey: String
    }

    /// A name or a path as one value of a URL.
    static func encoded(_ text: String) -> String {
        let kept = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
        return text.addingPercentEncoding(withAllowedCharacters: kept) ?? text
    }

    func ask<Answer: Decodable>(
        _ request: OperatorRequest, for _: Answer.Type
    ) async throws(OperatorError) -> Answer {
        let response = try await ask(request)
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(response.body))
        } catch {
            throw OperatorError(
                .answer,
                "The API at \(baseURL) answers \(response.status) with what this version of vignette cannot read: "
                    + error.whereItFailed
            )
        }
    }

    func ask(_ request: OperatorRequest) async throws(OperatorError) -> OperatorResponse {
        var request = request
        request.headers["Authorization"] = authorization
        request.headers["Accept"] = "application/json"
        let response: OperatorResponse
        do {
            response = try await http.send(request)
        } catch {
            throw OperatorError(
                error.kind,
                "The cluster's API at \(baseURL) does not answer: \(error.description) Is the cluster up?"
            )
        }
        guard (200..<300).contains(response.status) else { throw refusal(response) }
        return response
    }

    private func refusal(_ response: OperatorResponse) -> OperatorError {
        let words = try? JSONDecoder().decode(Refusal.self, from: Data(response.body))
        let text = [words?.message, words?.help].compactMap(\.self).filter { !$0.isEmpty }.joined(separator: " ")
        let detail = text.isEmpty ? "" : " \(text)"
        switch response.status {
        case 401, 403:
            return OperatorError(
                .refused,
                "The API at \(baseURL) refuses the private key of cluster.json (\(response.status)).\(detail)"
            )
        case 503:
            return OperatorError(.unreachable, "The API at \(baseURL) cannot do it now (503).\(detail)")
        default:
            return OperatorError(.refused, "The API at \(baseURL) answers \(response.status).\(detail)")
        }
    }
}
