public import CacheProtocol
public import Curl
internal import Synchronization

/// The origins of a cluster, over the cache protocol.
public struct OriginLink: JournalLink {
    private let client: CurlClient
    /// Base URLs, such as `http://127.0.0.1:8200`.
    private let origins: [String]
    private let authorization: String

    /// - Parameter token: the cluster's token; it is sent with every request.
    public init(client: CurlClient, origins: [String], token: String) {
        self.client = client
        self.origins = origins
        authorization = "Bearer " + token
    }

    /// Asks the origins in their order until one answers.
    public func follow(_ request: FollowRequest) async throws -> FollowAnswer {
        let timeouts = CurlTimeouts.longPoll(.milliseconds(request.patience) + .seconds(5), connect: .seconds(2))
        return try await ask(CacheProtocolPaths.follow, Frame.seal(request), timeouts)
    }

    public func report(_ report: NodeReport) async throws {
        // Taken with an empty answer.
        let timeouts = CurlTimeouts(connect: .seconds(2), total: .seconds(10))
        var failure = NodeAgentError(.unreachable, "No origin is configured (origins).")
        for origin in origins {
            do throws(NodeAgentError) {
                _ = try await send(
                    Frame.seal(report), to: origin + CacheProtocolPaths.report, timeouts: timeouts, maximumBodyBytes: 1024)
                return
            } catch {
                failure = error
            }
        }
        throw failure
    }

    /// What this edge serves and how it verifies.
    public func configuration() async throws -> EdgeConfigurationAnswer {
        try await ask(CacheProtocolPaths.configuration, nil, CurlTimeouts(connect: .seconds(2), total: .seconds(5)))
    }

    private func ask<Answer: WireCodable>(
        _ path: String, _ frame: [UInt8]?, _ timeouts: CurlTimeouts
    ) async throws -> Answer {
        var failure = NodeAgentError(.unreachable, "No origin is configured (origins).")
        for origin in origins {
            do throws(NodeAgentError) {
                let body = try await send(
                    frame, to: origin + path, timeouts: timeouts,
                    maximumBodyBytes: Frame.headerLength + Frame.maxPayload)
                do throws(WireError) {
                    return try Frame.open(Answer.self, body)
                } catch {
                    throw NodeAgentError(.badAnswer, "\(origin) answered with something else than a frame: \(error)")
                }
            } catch {
                try Task.checkCancellation()
                failure = error
            }
        }
        throw failure
    }

    /// Asks the owner of `source`, then the ones that take over.
    /// - Returns: the answer and the body of an object, whose length and checksum have been compared.
    public func fetch(
        _ request: FetchRequest, of source: SourceIdentity, maximumBodyBytes: Int
    ) async throws -> (answer: FetchAnswer, body: [UInt8]) {
        let frame = Frame.seal(request)
        let timeouts = CurlTimeouts(
            connect: .seconds(2), total: .milliseconds(request.patience) + .seconds(1), stall: nil)
        var told: FetchFailure?
        var failure = NodeAgentError(.unreachable, "No origin is configured (origins).")
        for origin in OwnerSelection.order(origins, for: source) {
            do throws(NodeAgentError) {
                let bytes = try await send(
                    frame, to: origin + CacheProtocolPaths.fetch, timeouts: timeouts, maximumBodyBytes: maximumBodyBytes)
                let (answer, body) = try Self.read(bytes, from: origin)
                guard case .failure(let refusal) = answer, refusal.tryNextOrigin else { return (answer, body) }
                told = refusal
            } catch {
                try Task.checkCancellation()
                failure = error
            }
        }
        if let told { return (.failure(told), []) }
        throw failure
    }

    private static func read(
        _ bytes: [UInt8], from origin: String
    ) throws(NodeAgentError) -> (answer: FetchAnswer, body: [UInt8]) {
        let answer: FetchAnswer
        let length: Int
        do throws(WireError) {
            guard let frame = try Frame.open(bytes[...]) else { throw WireError("the head ends early") }
            (answer, length) = (try FetchAnswer(wireBytes: frame.payload), frame.length)
        } catch {
            throw NodeAgentError(.badAnswer, "\(origin) answered with something else than a frame: \(error)")
        }
        guard case .object(let object) = answer else { return (answer, []) }
        let body = Array(bytes[length...])
        guard body.count == object.bodyLength, Checksum.crc32c(body) == object.bodyChecksum else {
            throw NodeAgentError(
                .badAnswer,
                "\(origin) sent \(body.count) bytes that are not the \(object.bodyLength) it announced; nothing was kept.")
        }
        return (answer, body)
    }

    private func send(
        _ frame: [UInt8]?, to url: String, timeouts: CurlTimeouts, maximumBodyBytes: Int
    ) async throws(NodeAgentError) -> [UInt8] {
        let request = CurlRequest(
            method: frame == nil ? "GET" : "POST", url: url,
            headers: [("Authorization", authorization), ("Content-Type", CacheProtocolPaths.contentType)],
            body: frame, timeouts: timeouts, maximumBodyBytes: maximumBodyBytes)
        let response: CurlResponse
        do throws(CurlError) {
            response = try await client.perform(request)
        } catch {
            throw NodeAgentError(.unreachable, error.description)
        }
        switch response.status {
        case 200: return response.body
        case 401:
            throw NodeAgentError(.refused, "\(url) does not take this node's token. Compare the files of node.token-file.")
        case 400:
            throw NodeAgentError(
                .refused, "\(url) does not understand this node: \(String(decoding: response.body.prefix(500), as: UTF8.self))")
        default: throw NodeAgentError(.unreachable, "\(url) answered with status \(response.status).")
        }
    }
}
