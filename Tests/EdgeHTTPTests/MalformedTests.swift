import EdgeHTTP
import Testing

/// What is no request gets one answer, and the end of the connection: what follows is never taken for a request.
@Suite(.timeLimit(.minutes(5)))
struct MalformedTests {
    static func expectRefusal(_ request: [UInt8], _ status: Int) async throws {
        let answer = try await TestServer.run { request in
            hit(request.target == "/smuggled" ? "smuggled" : "pixels")
        } _: { server in
            let client = try await server.connect()
            try await client.send(request + Array(get("/smuggled", last: true).utf8))
            return await client.rest()
        }
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
        #expect(answer.contains("\nConnection: close\n"))
        #expect(answer.contains("\nik-error: EBADREQUEST - "))
        #expect(!answer.contains("pixels") && !answer.contains("smuggled"))
    }

    @Test(arguments: [
        "GET /a HTTP/1.1\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "POST /a HTTP/1.1\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "DELETE /a HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a, b c\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: user@a\r\n\r\n",
        "GET http://user@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a HTTP/1.1\nHost: a\n\n",
        "GET /a HTTP/1.1\r\nHost: a\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
        "GET /a HTTP/1.1\r\n Host: a\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nnothing\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nX: a\u{0}b\r\n\r\n",
        "GET /a\u{0} HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a\t HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\u{fc}.jpg HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET  /a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a /b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a\r\nHost: a\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n",
        "\r\n\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}",
    ])
    func malformed(request: String) async throws {
        try await Self.expectRefusal(Array(request.utf8), 400)
    }

    @Test(arguments: [
        (Padded("GET /", "a", 9000, " HTTP/1.1\r\nHost: a\r\n\r\n"), 414), (Padded("GET /", "a", 9000), 414),
        (Padded("GET / HTTP/1.1\r\nHost: a\r\nCookie: ", "a", 33_000, "\r\n\r\n"), 431),
        (Padded("GET / HTTP/1.1\r\nHost: a\r\nCookie: ", "a", 33_000), 431),
        (Padded("GET / HTTP/1.1\r\nHost: a\r\n", "A: b\r\n", 100, "\r\n"), 431),
        (Padded("BREW / HTTP/1.1\r\nHost: a\r\n\r\n"), 501), (Padded("get / HTTP/1.1\r\nHost: a\r\n\r\n"), 501),
        (Padded("PRI * HTTP/2.0\r\n\r\n"), 505), (Padded("GET / HTTP/1.1\r\nHost: a\r\nExpect: a miracle\r\n\r\n"), 417),
    ])
    func otherwiseRefused(request: Padded, status: Int) async throws {
        try await Self.expectRefusal(Array(request.text.utf8), status)
    }

    @Test func theLongestThatIsReadAndOneByteMore() async throws {
        let longest = "/" + String(repeating: "a", count: 8191)
        let answers = try await TestServer.run { request in hit("\(request.target.utf8.count)|") } _: { server in
            try await server.exchange(get(longest) + get(longest + "a", last: true))
        }
        #expect(ConnectionTests.bodies(answers) == ["8192"])
        #expect(answers.contains("HTTP/1.1 414 URI Too Long\n"))
    }
}

/// A text with something repeated in it, which test logs show in short.
struct Padded: Sendable, CustomTestStringConvertible {
    let text: String
    let testDescription: String

    init(_ start: String, _ filler: String = "", _ count: Int = 0, _ end: String = "") {
        text = start + String(repeating: filler, count: count) + end
        testDescription = start.debugDescription + (count == 0 ? "" : " \(count) x \(filler.debugDescription) \(end.debugDescription)")
    }
}
