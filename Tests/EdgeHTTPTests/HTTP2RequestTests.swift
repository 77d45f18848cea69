import CacheProtocol
import EdgeHTTP
import NIOCore
import NIOHTTP2
import Testing

/// What a header block may say, and what it means.
@Suite(.timeLimit(.minutes(5)))
struct HTTP2RequestTests {
    private func run(_ body: (HTTP2Client) async throws -> Void) async throws {
        let certificates = try await Certificates("one")
        try await TestServer.run(certificates.configuration("one")) { request in
            hit("\(request.method) \(request.host) \(request.target) \(request.accept ?? "-")")
        } _: { server in
            try await body(try await HTTP2Client(port: try #require(server.address.tlsPort)))
        }
    }

    typealias Fields = [(String, String)]

    static let good: Fields = HTTP2Client.head("/a.jpg")

    private static func without(_ name: String) -> Fields { good.filter { $0.0 != name } }

    private static func with(_ name: String, _ value: String) -> Fields { good + [(name, value)] }

    private static func changed(_ name: String, to value: String) -> Fields { good.map { $0.0 == name ? (name, value) : $0 } }

    static let malformed: [(String, Fields)] = {
        var cases: [(String, Fields)] = []
        cases.append(("a name in upper case", with("X-Accept", "image/webp")))
        cases.append(("a field of the connection", with("connection", "close")))
        cases.append(("another", with("transfer-encoding", "chunked")))
        cases.append(("te", with("te", "gzip")))
        for name in [":path", ":method", ":scheme", ":authority"] { cases.append(("no \(name)", without(name))) }
        cases.append(("two paths", with(":path", "/b.jpg")))
        cases.append(("an unknown pseudo-header field", with(":status", "200")))
        cases.append(("a pseudo-header field that comes late", without(":authority") + [("accept", "*/*"), (":authority", "a")]))
        cases.append(("a target that is no path", changed(":path", to: "http://cdn.example/a.jpg")))
        cases.append(("two hosts", with("host", "other.example")))
        cases.append(("a host that is none", changed(":authority", to: "a b")))
        cases.append(("a line end in a value", with("x", "a\r\nrange: bytes=0-1")))
        cases.append(("a line end in a path", changed(":path", to: "/a.jpg HTTP/1.1\r\nx: y")))
        cases.append(("a blank in a path", changed(":path", to: "/a b.jpg")))
        cases.append(("bytes beyond ASCII in a path", changed(":path", to: "/\u{FC}.jpg")))
        cases.append(("a NUL in a value", with("x", "a\u{0}b")))
        for name in ["x y", "x: 1\r\nrange", "range:bytes=0-1\r\nx", "if-range:a"] { cases.append((name, with(name, "bytes=0-1"))) }
        return cases
    }()

    @Test(arguments: malformed.indices) func isAnswered400(_ index: Int) async throws {
        let (what, fields) = Self.malformed[index]
        try await run { client in
            let answer = await client.answer(to: try await client.request(fields))
            #expect(answer.status == "400", "\(what): \(answer)")
            #expect(answer.value("ik-error")?.hasPrefix("EBADREQUEST - ") == true)
            // It is the stream's mistake, not the connection's.
            #expect(await client.answer(to: try await client.get("/a.jpg")).status == "200")
        }
    }

    static let plain: [(String, Fields)] = {
        var cases: [(String, Fields)] = []
        cases.append(("/a.jpg?tr=w-1 -", HTTP2Client.head("/a.jpg?tr=w-1")))
        cases.append(("/a.jpg image/webp, */*", good + [("accept", "image/webp"), ("accept", "*/*")]))
        cases.append(("/a.jpg -", with("host", "cdn.example")))
        cases.append(("/a.jpg -", without(":authority") + [("host", "cdn.example")]))
        cases.append(("/a.jpg -", good + [("te", "trailers"), ("cookie", "a=1"), ("cookie", "b=2"), ("expect", "100-continue")]))
        return cases
    }()

    @Test(arguments: plain.indices)
    func isUnderstood(_ index: Int) async throws {
        let (meaning, fields) = Self.plain[index]
        try await run { client in
            let answer = await client.answer(to: try await client.request(fields))
            #expect(String(decoding: answer.body, as: UTF8.self) == "get cdn.example \(meaning)")
        }
    }

    @Test func otherMethods() async throws {
        try await run { client in
            let head = await client.answer(to: try await client.get("/a.jpg", method: "HEAD"))
            #expect(head.status == "200")
            #expect(head.body.isEmpty)
            #expect(head.value("content-length") == "25")
            let options = await client.answer(to: try await client.get("/a.jpg", method: "OPTIONS"))
            #expect(options.status == "204")
            #expect(options.value("allow") == "GET, HEAD, OPTIONS")
            #expect(await client.answer(to: try await client.get("/a.jpg", method: "DELETE")).status == "405")
        }
    }

    /// Nobody reads it; the answer is whole, and the client may stop sending (RFC 9113 §8.1).
    @Test func aBodyIsNotRead() async throws {
        try await run { client in
            let stream = try await client.request(HTTP2Client.head("/a.jpg", method: "POST"), ends: false)
            await client.heard.wait { $0.isEnded || $0.answers[stream]?.reset != nil }
            let answer = await client.answer(to: stream)
            #expect(answer.status == "405")
            #expect(answer.isWhole)
            #expect(answer.reset == 0)
            // What was on its way already.
            for _ in 0..<20 {
                let stream = try await client.request(HTTP2Client.head("/a.jpg"), ends: false)
                try? await client.send(.data(.init(data: .byteBuffer(ByteBuffer(repeating: 1, count: 10_000)), endStream: true)), on: stream)
                #expect(await client.answer(to: stream).status == "200")
            }
            #expect(!client.heard.value.isEnded)
        }
    }

    @Test func limitsAreThoseOfHTTP1() async throws {
        try await run { client in
            let long = await client.answer(to: try await client.get("/" + String(repeating: "a", count: 9_000)))
            #expect(long.status == "414")
            let many = (0..<200).map { ("x-\($0)", "y") }
            #expect(await client.answer(to: try await client.request(HTTP2Client.head("/a.jpg") + many)).status == "431")
            #expect(await client.answer(to: try await client.get("/a.jpg")).status == "200")
        }
    }
}
