import CacheProtocol
@testable import EdgeHTTP
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

/// A request that we read ourselves means to NIO's decoder what it means to us: random heads, near to right ones.
@Suite struct OneMeaningTests {
    static let lines = [
        "Host: a", "Host: a:80", "host:b", "Accept: image/webp", "Accept: */*", "Connection: close", "Connection: keep-alive",
        "Connection: upgrade", "Upgrade: h2c", "If-None-Match: \"a\", W/\"b\"", "If-None-Match: *",
        "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", "Range: bytes=0-1", "Range: bytes=-5", "If-Range: \"a\"",
        "Authorization: x", "Content-Length: 0",
        "Content-Length: 3", "Transfer-Encoding: chunked", "Transfer-Encoding: identity", "Expect: 100-continue", "X:\t y ",
        "X: \u{e9}", "A b: c", "X : y", ": z", "Cookie: a=b; c", "TE: trailers", "Host:", "X:",
    ]
    static let starts = [
        "GET / HTTP/1.1", "GET /a%20b?c=d HTTP/1.1", "HEAD /x HTTP/1.1", "GET http://h/p HTTP/1.1", "GET /a HTTP/1.0",
        "POST / HTTP/1.1", "OPTIONS * HTTP/1.1", "GET /\u{fc} HTTP/1.1", "GET /a#b HTTP/1.1", "GET //a HTTP/1.1", "GET * HTTP/1.1",
    ]
    static let noise = Array("\r\n\t :/?#%\u{0}\u{7f}\u{e9}GETHh019,;\"".utf8)

    static func head(_ generator: inout SplitMix) -> [UInt8] {
        var head = starts.randomElement(using: &generator).map { Array($0.utf8) } ?? []
        if Int.random(in: 0..<8, using: &generator) > 0 { head += Array("\r\nHost: h".utf8) }
        for _ in 0..<Int.random(in: 0..<5, using: &generator) {
            head += Array("\r\n".utf8) + (lines.randomElement(using: &generator).map { Array($0.utf8) } ?? [])
        }
        head += Array("\r\n\r\n".utf8)
        for _ in 0..<max(0, Int.random(in: -2..<3, using: &generator)) {
            let index = Int.random(in: 0..<head.count, using: &generator)
            let byte = noise.randomElement(using: &generator) ?? 0
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: head[index] = byte
            case 1: head.insert(byte, at: index)
            default: head.remove(at: index)
            }
        }
        return head
    }

    static func standard(_ head: ArraySlice<UInt8>) throws -> StandardRequest? {
        let channel = EmbeddedChannel(handler: ByteToMessageHandler(HTTPRequestDecoder()))
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        do {
            try channel.writeInbound(ByteBuffer(bytes: head))
        } catch {
            return nil
        }
        guard case .head(let read)? = try channel.readInbound(as: HTTPServerRequestPart.self) else { return nil }
        return StandardRequest(read)
    }

    @Test func aPlainRequestIsTheSameToTheStandardDecoder() throws {
        var generator = seededGenerator()
        var plainOnes = 0
        for _ in 0..<20_000 {
            let bytes = Self.head(&generator)
            var scanner = HeadScanner(limits: HeadScannerTests.limits)
            guard case .complete(let length) = scanner.scan(bytes.span) else { continue }
            let head = bytes[..<length]
            guard let plain = RequestHead(plain: Array(head).span) else { continue }
            let ours = EdgeRequest(head: plain, bytes: ByteBuffer(bytes: head), client: "-", receivedAt: .now())
            guard case .plain(let written, let parsed, let use) = try Self.standard(head) else {
                Issue.record("only we read \(readable(Array(head)))")
                continue
            }
            plainOnes += 1
            let theirs = EdgeRequest(head: parsed, bytes: written, client: "-", receivedAt: .now())
            #expect(Meaning(ours) == Meaning(theirs), "\(readable(Array(head)))")
            #expect(use == ConnectionUse(goesOn: !plain.closes), "\(readable(Array(head)))")
        }
        #expect(plainOnes > 1000)
    }

    struct Meaning: Equatable {
        let method: EdgeRequest.Method
        let texts: [String?]
        let flags: [Bool]

        init(_ request: EdgeRequest) {
            method = request.method
            texts = [
                request.target, request.host, request.accept, request.ifNoneMatch, request.ifModifiedSince,
                request.field("x"), request.field("cookie"), request.field("range"), request.field("if-range"),
            ]
            flags = [request.hasAuthorization, request.hasRange]
        }
    }
}
