import CacheProtocol
import EdgeHTTP
import NIOCore
import Testing

/// The same is said in every protocol.
@Suite(.timeLimit(.minutes(5)))
struct ProtocolParityTests {
    private static let bytes = Array(BodyTests.megabyte[..<150_000])

    private static func respond(_ request: EdgeRequest, _ pin: BodyTests.Pin) -> EdgeOutcome {
        switch request.target {
        case "/small": hit("pixels")
        case "/memory": .now(.object(photo(), .bytes(ByteBuffer(bytes: bytes)), .hit))
        case "/file": .now(.object(photo(), .file(descriptor: pin.descriptor, offset: 0, length: bytes.count, pin: pin), .hit))
        case "/empty": .now(.object(photo(), .none, .hit))
        case "/svg": hit("<svg/>") { $0.contentType = "image/svg+xml" }
        case "/private": hit("pixels") { $0.isPrivate = true }
        case "/later": EndingTests.later {}
        case "/busy": .now(.failure(EdgeFailure(status: 503, code: "EBUSY", message: "busy", retryAfter: 3), .refused(.overload)))
        default: .now(.failure(EdgeFailure(status: 404, code: "ENOENT", message: "nothing\r\nhere"), .miss(.cold, forwardStatus: 404)))
        }
    }

    private static let requests: [(method: String, target: String, fields: [(String, String)])] =
        ["/small", "/memory", "/file", "/empty", "/svg", "/private", "/later", "/busy", "/absent"].map { ("GET", $0, []) }
        + [
            ("HEAD", "/small", []), ("HEAD", "/file", []), ("OPTIONS", "/small", []), ("POST", "/small", []),
            ("GET", "/small", [("if-none-match", "\"v1\"")]), ("GET", "/file", [("range", "bytes=100-149999")]),
            ("GET", "/file", [("range", "bytes=0-9,20-29")]), ("GET", "/small", [("range", "bytes=99-")]),
            ("GET", "/memory", [("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")]),
        ]

    @Test func answersAreTheSame() async throws {
        let certificates = try await Certificates("one")
        let pin = try BodyTests.Pin(Self.bytes)
        try await TestServer.run(certificates.configuration("one")) { Self.respond($0, pin) } _: { server in
            let port = try #require(server.address.tlsPort)
            let http2 = try await HTTP2Client(port: port)
            for (method, target, fields) in Self.requests {
                let lines = ["\(method) \(target) HTTP/1.1", "Host: cdn.example"] + fields.map { "\($0.0): \($0.1)" }
                let request = (lines + ["Connection: close"]).joined(separator: "\r\n") + "\r\n\r\n"
                let plain = try await RawClient(port: server.address.port)
                try await plain.send(request)
                let wanted = try Said(http1: await plain.restBytes())
                let encrypted = try await RawClient(port: port, encrypts: true)
                try await encrypted.send(request)
                #expect(try Said(http1: await encrypted.restBytes()) == wanted, "\(method) \(target) over TLS")
                let stream = try await http2.request(HTTP2Client.head(target, method: method) + fields)
                #expect(Said(http2: await http2.answer(to: stream)) == wanted, "\(method) \(target) by HTTP/2")
            }
        }
    }
}

/// An answer without what belongs to its connection, and without the time.
private struct Said: Equatable {
    var status: String
    var fields: Set<String>
    var body: [UInt8]

    init(http1 bytes: [UInt8]) throws {
        let end = try #require(bytes.firstRange(of: Array("\r\n\r\n".utf8)))
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n" as Character)
        status = String(lines[0].split(separator: " ")[1])
        fields = Set(
            lines.dropFirst().filter { !$0.hasPrefix("Date: ") && !$0.hasPrefix("Connection: ") }.map { line in
                let colon = line.firstIndex(of: ":") ?? line.endIndex
                return line[..<colon].lowercased() + line[colon...]
            })
        body = Array(bytes[end.upperBound...])
    }

    init(http2 answer: HTTP2Client.Answer) {
        status = answer.status ?? ""
        fields = Set(answer.fields.filter { !$0.hasPrefix("date: ") && !$0.hasPrefix(":") })
        body = answer.body
    }
}
