import CacheProtocol
import EdgeHTTP
import NIOCore
import Testing

/// A plain GET that comes in one piece takes a short way to its answer. It must be the answer of the long one.
@Suite(.timeLimit(.minutes(5)))
struct ShortWayTests {
    private static let photos: [ObjectMetadata] = [
        photo(),
        photo { $0.lastModified = nil },
        photo { $0.entityTag = "" },
        photo { $0.isPrivate = true },
        photo { $0.variesByAccept = false },
        photo { $0.contentType = "image/svg+xml" },
        photo { $0.contentType = "image/png\r\nSet-Cookie: a=b" },
        photo { $0.freshness = Freshness(maxAge: 0) },
        photo { $0.freshness = Freshness(maxAge: 5, staleWhileRevalidate: 6, staleIfError: 7) },
        // Too old, and long ago.
        photo { $0.bornAt = 784_111_777_000 },
    ]

    @Test(arguments: [1, 2_000, 16 << 10, (16 << 10) + 1, 300_000], [false, true])
    func bothWaysGiveTheSameAnswer(size: Int, fromFile: Bool) async throws {
        let pixels = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
        let pin = try BodyTests.Pin(pixels)
        let body = fromFile
            ? AnswerBody.file(descriptor: pin.descriptor, offset: 0, length: size, pin: pin) : .bytes(ByteBuffer(bytes: pixels))
        try await TestServer.run { request in
            let number = Int(request.target.dropFirst()) ?? 0
            return .now(.object(Self.photos[number], body, .hit))
        } _: { server in
            for number in Self.photos.indices {
                let short = try await Self.answer(to: get("/\(number)"), size, from: server)
                // Two fields of a name are none of a plain request's.
                var long = try await Self.answer(to: get("/\(number)", "Accept: a", "Accept: b"), size, from: server)
                if short.head != long.head {
                    // Unless the second has turned in between.
                    let again = try await Self.answer(to: get("/\(number)"), size, from: server)
                    long.head = again.head == long.head ? short.head : long.head
                }
                #expect(short.head == long.head)
                #expect(short.body == pixels && long.body == pixels)
            }
            let requests = Int(server.metric("vignette_http_requests_total{cache=\"hit\"}") ?? "") ?? 0
            #expect(requests >= 4 * Self.photos.count)
            #expect(server.metric("vignette_http_responses_total{status=\"2xx\"}") == "\(requests)")
            #expect(server.metric("vignette_http_body_bytes_total") == "\(requests * size)")
        }
    }

    /// The answer, once it is clear that the connection goes on after it.
    private static func answer(
        to request: String, _ size: Int, from server: TestServer
    ) async throws -> (head: String, body: [UInt8]) {
        let client = try await server.connect()
        try await client.send(request)
        let head = await client.receive(through: "\r\n\r\n")
        try await client.send(request.replacing("\r\n\r\n", with: "\r\nConnection: close\r\n\r\n"))
        let rest = await client.restBytes()
        #expect(rest.count > 2 * size)
        return (head, Array(rest.prefix(size)))
    }
}
