internal import Curl

/// What the CLI needs of an HTTP client.
protocol OperatorHTTP: Sendable {
    func send(_ request: OperatorRequest) async throws(OperatorError) -> OperatorResponse
}

struct OperatorRequest: Sendable, Equatable {
    var method = "GET"
    var url: String
    var headers: [String: String] = [:]
    var body: [UInt8]?
    /// How long the server may take to answer.
    var patience = Duration.seconds(10)
}

struct OperatorResponse: Sendable, Equatable {
    var status: Int
    var body: [UInt8]
}

struct CurlOperatorHTTP: OperatorHTTP {
    private let client: CurlClient

    init() throws(OperatorError) {
        do {
            client = try CurlClient()
        } catch {
            throw OperatorError(.unreachable, "libcurl could not be set up: \(error)")
        }
    }

    func send(_ request: OperatorRequest) async throws(OperatorError) -> OperatorResponse {
        let curlRequest = CurlRequest(
            method: request.method,
            url: request.url,
            headers: request.headers.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) },
            body: request.body,
            timeouts: .longPoll(request.patience)
        )
        do {
            let response = try await client.perform(curlRequest)
            return OperatorResponse(status: response.status, body: response.body)
        } catch {
            throw OperatorError(.unreachable, error.message)
        }
    }
}
