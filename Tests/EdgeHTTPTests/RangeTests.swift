import CacheProtocol
@testable import EdgeHTTP
import NIOCore
import Testing

/// Parts of an object (RFC 9110 §14).
@Suite(.timeLimit(.minutes(5)))
struct RangeTests {
    private static func parsed(_ field: String, _ length: Int = 10) -> ByteRanges {
        ByteRanges(Array(field.utf8).span, length: length)
    }

    @Test(arguments: [
        ("bytes=0-0", [0..<1]), ("bytes=0-", [0..<10]), ("bytes=9-", [9..<10]), ("bytes=2-4", [2..<5]), ("bytes=2-99", [2..<10]),
        ("bytes=-3", [7..<10]), ("bytes=-99", [0..<10]), ("BYTES=1-1", [1..<2]), ("bytes= 1-1 ,\t, 3-3 ", [1..<4]),
        ("bytes=0-99999999999999999999999", [0..<10]), ("bytes=12-, 1-2", [1..<3]), ("bytes=5-6,0-1,6-9", [0..<10]),
    ])
    func aRangeOfTen(field: String, ranges: [Range<Int>]) {
        #expect(Self.parsed(field) == .satisfiable(ranges))
    }

    @Test(arguments: ["bytes=10-", "bytes=-0", "bytes=10-20, 30-40", "bytes=99999999999999999999999-"])
    func nothingOfTen(field: String) {
        #expect(Self.parsed(field) == .unsatisfiable)
    }

    @Test(arguments: [
        "", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=1", "bytes=a-b", "bytes=1-0", "bytes=1-2-3", "bytes=1 - 2", "bytes=+1-2",
        "pages=1-2", "bytes:1-2", "bytes =1-2", "bytes=0-0,x", "bytes=" + Array(repeating: "0-0", count: 17).joined(separator: ","),
    ])
    func whatIsNoRange(field: String) {
        #expect(Self.parsed(field) == .ignored)
    }

    @Test func rangesThatAreFarApartStayApart() {
        #expect(Self.parsed("bytes=900-, 0-9, 90-99, 300-301", 1000) == .satisfiable([0..<100, 300..<302, 900..<1000]))
    }

    // MARK: Answers

    private static let pixels = Array("0123456789".utf8) + BodyTests.megabyte

    private static func answer(_ fields: String..., fromFile: Bool) async throws -> (head: String, body: [UInt8]) {
        let pin = try BodyTests.Pin(Array("before".utf8) + pixels)
        let body = fromFile
            ? AnswerBody.file(descriptor: pin.descriptor, offset: 6, length: pixels.count, pin: pin) : .bytes(ByteBuffer(bytes: pixels))
        let bytes = try await TestServer.run { _ in .now(.object(photo(), body, .hit)) } _: { server in
            let client = try await server.connect()
            try await client.send(get("/a.jpg", fields.joined(separator: "\r\n"), last: true))
            return await client.restBytes()
        }
        let content = BodyTests.body(of: bytes)
        return (readable(Array(bytes.dropLast(content.count))), content)
    }

    @Test(arguments: [false, true]) func onePart(fromFile: Bool) async throws {
        for (field, range) in [("5-8", 5..<9), ("-20000", Self.pixels.count - 20_000..<Self.pixels.count), ("10-", 10..<Self.pixels.count)] {
            let answer = try await Self.answer("Range: bytes=\(field)", fromFile: fromFile)
            #expect(answer.body == Array(Self.pixels[range]))
            #expect(answer.head.hasPrefix("HTTP/1.1 206 Partial Content\n"))
            #expect(answer.head.contains("\nContent-Type: image/webp\nContent-Length: \(range.count)\n"))
            #expect(answer.head.contains("\nContent-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(Self.pixels.count)\n"))
            #expect(answer.head.contains("\nETag: \"v1\"\n") && answer.head.contains("\nVary: Accept\n"))
        }
    }

    @Test(arguments: [false, true]) func someParts(fromFile: Bool) async throws {
        let answer = try await Self.answer("Range: bytes=500000-500002, 0-3, -5", fromFile: fromFile)
        #expect(answer.head.hasPrefix("HTTP/1.1 206 Partial Content\n"))
        let lines = answer.head.split(separator: "\n")
        let type = try #require(lines.first { $0.hasPrefix("Content-Type: multipart/byteranges; boundary=") })
        #expect(lines.contains("Content-Length: \(answer.body.count)") && !answer.head.contains("Content-Range"))
        let boundary = type.drop { $0 != "=" }.dropFirst()
        var expected: [UInt8] = []
        for range in [0..<4, 500_000..<500_003, Self.pixels.count - 5..<Self.pixels.count] {
            expected += "\r\n--\(boundary)\r\nContent-Type: image/webp\r\n".utf8
            expected += "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(Self.pixels.count)\r\n\r\n".utf8
            expected += Self.pixels[range]
        }
        expected += "\r\n--\(boundary)--\r\n".utf8
        #expect(answer.body == expected)
    }

    @Test(arguments: [false, true]) func nothingThere(fromFile: Bool) async throws {
        let answer = try await Self.answer("Range: bytes=\(Self.pixels.count)-", fromFile: fromFile)
        #expect(answer.head.hasPrefix("HTTP/1.1 416 Range Not Satisfiable\n"))
        #expect(answer.head.contains("\nContent-Range: bytes */\(Self.pixels.count)\n"))
        #expect(answer.head.contains("\nik-error: ERANGE - the range begins behind the end: there are \(Self.pixels.count) bytes\n"))
    }

    @Test(arguments: [
        ("If-Range: \"v1\"", 206), ("If-Range: \"v0\"", 200), ("If-Range: W/\"v1\"", 200), ("If-Range: v1", 200), ("If-Range: ", 200),
        ("If-Range: Sun, 06 Nov 1994 08:49:37 GMT", 206), ("If-Range: Sun, 06 Nov 1994 08:49:38 GMT", 200),
        ("If-Range: \"v1\"\r\nIf-Range: \"v1\"", 200), ("If-None-Match: \"v1\"", 304), ("If-None-Match: \"v0\"", 206),
        ("Range: bytes=2-3", 200),
    ])
    func conditions(fields: String, status: Int) async throws {
        let answer = try await Self.answer("Range: bytes=0-1", fields, fromFile: false)
        #expect(answer.head.hasPrefix("HTTP/1.1 \(status) "))
    }

    @Test func aHeadKnowsNoRanges() async throws {
        let answer = try await TestServer.run { _ in hit("pixels") } _: { server in
            try await server.exchange("HEAD /a.jpg HTTP/1.1\r\nHost: h\r\nRange: bytes=0-1\r\nConnection: close\r\n\r\n")
        }
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\n") && answer.contains("\nContent-Length: 6\nAccept-Ranges: bytes\n"))
    }

    /// As many parts as the whole is long would be a way to make us copy.
    @Test func manyLargePartsAreTheWhole() async throws {
        let answer = try await TestServer.run { _ in
            .now(.object(photo(), .bytes(ByteBuffer(repeating: 7, count: 3 << 20)), .hit))
        } _: { server in
            try await server.exchange(get("/a.jpg", "Range: bytes=0-999999, 2000000-2999999", last: true))
        }
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\n"))
    }

    @Test func aFileThatWasCutShortIsAFault() async throws {
        let pin = try BodyTests.Pin(Array(Self.pixels.prefix(1000)))
        for field in ["990-1000", "0-0, 990-1000"] {
            let answer = try await TestServer.run { _ in
                .now(.object(photo(), .file(descriptor: pin.descriptor, offset: 0, length: 1001, pin: pin), .hit))
            } _: { server in
                try await server.exchange(get("/a.jpg", "Range: bytes=\(field)", last: true))
            }
            #expect(answer.hasPrefix("HTTP/1.1 500 Internal Server Error\n"))
        }
    }
}
