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

    /// Requests that fill the server's reads to the last byte, so that several are read, one by one, in one turn.
    @Test(arguments: [false, true]) func answersOfOneTurnStayInOrder(fromFile: Bool) async throws {
        let big = [UInt8](repeating: 7, count: 3 << 20)
        let pin = try BodyTests.Pin(big)
        let body = fromFile
            ? AnswerBody.file(descriptor: pin.descriptor, offset: 0, length: big.count, pin: pin) : .bytes(ByteBuffer(bytes: big))
        try await TestServer.run { request in
            request.target == "/big" ? .now(.object(photo(), body, .hit)) : hit(request.target)
        } _: { server in
            let targets = ["/1", "/big", "/2", "/big", "/3"]
            let requests = targets.map { target in
                let short = get(target, "X-Padding: ", last: target == "/3")
                return short.replacing("X-Padding: ", with: "X-Padding: " + String(repeating: "x", count: 4096 - short.utf8.count))
            }
            let client = try await server.connect()
            try await client.stopReading()
            try await client.send(requests.joined())
            try await client.readOn()
            let bytes = await client.restBytes()
            #expect(Self.bodies(of: bytes) == [Array("/1".utf8), big, Array("/2".utf8), big, Array("/3".utf8)])
        }
    }

    /// As with a request that is piped into nc. Many, for the end must come while the answer waits for the others' turn.
    @Test func whoSendsNoMoreGetsItsAnswer() async throws {
        try await TestServer.run { _ in hit("pixels") } _: { server in
            for request in [get("/1"), get("/1", "Accept: a", "Accept: b")] {
                for _ in 0..<200 {
                    let client = try await server.connect()
                    client.sendLast(request)
                    #expect(await client.rest().hasSuffix("\n\npixels"))
                }
            }
        }
    }

    private static func bodies(of bytes: [UInt8]) -> [[UInt8]] {
        var (rest, bodies): (ArraySlice<UInt8>, [[UInt8]]) = (bytes[...], [])
        while let end = rest.firstRange(of: Array("\r\n\r\n".utf8)) {
            let head = readable(Array(rest[..<end.lowerBound]))
            let length = head.firstMatch(of: /\nContent-Length: (\d+)/).flatMap { Int($0.output.1) } ?? 0
            bodies.append(Array(rest[end.upperBound...].prefix(length)))
            rest = rest[end.upperBound...].dropFirst(length)
        }
        return bodies
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
