import CacheProtocol
import HTTPTypes
import Hummingbird
import Journal
import NIOCore
import NodeAgent
import ObjectCache

/// The cache protocol's four questions (docs/cache-protocol.md). Every request and answer is a frame.
struct CacheProtocolRoutes: Sendable {
    let desk: CommandDesk
    let pipeline: OriginPipeline
    let configuration: CurrentConfiguration

    private static let maxRequestBytes = 64 << 10
    /// Hundreds of thousands of variants of one source.
    private static let maxReportBytes = Frame.maxPayload

    func router(token: String) -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: NodeTokenMiddleware(token: token))
        router.post("\(CacheProtocolPaths.follow)") { request, _ in
            try await reply(to: request) { (follow: FollowRequest) in
                return ByteBuffer(bytes: Frame.seal(try await desk.follow(follow)))
            }
        }
        router.post("\(CacheProtocolPaths.fetch)") { request, _ in
            try await reply(to: request) { (fetch: FetchRequest) in
                let (answer, body) = await pipeline.answer(fetch)
                var buffer = ByteBuffer(bytes: Frame.seal(answer))
                body?.withUnsafeBytes { _ = buffer.writeBytes($0) }
                return buffer
            }
        }
        router.post("\(CacheProtocolPaths.report)") { request, _ in
            try await reply(to: request, limit: Self.maxReportBytes) { (report: NodeReport) in
                await desk.report(report)
                return ByteBuffer()
            }
        }
        router.get("\(CacheProtocolPaths.configuration)") { _, _ in
            // A node that has not heard from the journal yet knows at best what another journal said.
            guard let inForce = configuration.value else { return Response(status: .serviceUnavailable) }
            return frame(ByteBuffer(bytes: Frame.seal(inForce.edgeAnswer)))
        }
        return router
    }

    private func reply<Message: WireCodable>(
        to request: Request, limit: Int = maxRequestBytes, _ answer: (Message) async throws -> ByteBuffer
    ) async throws -> Response {
        let body = try await request.body.collect(upTo: limit)
        let message: Message
        do throws(WireError) {
            message = try Frame.open(Message.self, Array(buffer: body))
        } catch {
            return Response(
                status: .badRequest, body: ResponseBody(byteBuffer: ByteBuffer(string: "\(error)\n")))
        }
        return frame(try await answer(message))
    }

    private func frame(_ bytes: ByteBuffer) -> Response {
        Response(
            status: .ok, headers: [.contentType: CacheProtocolPaths.contentType], body: ResponseBody(byteBuffer: bytes))
    }
}
