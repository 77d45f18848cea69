import Testing

@testable import LoadGenerator

@Suite struct ResponseReaderTests {
    private static let image = """
        HTTP/1.1 200 OK\r\ncontent-TYPE: image/webp\r\nContent-Length: 5\r\n\
        Cache-Status: edge-1; hit; ttl=10\r\n\r\nhello
        """
    private static let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n"

    @Test("However the bytes arrive, the same is read", arguments: [1, 2, 3, 7, 64, 1_000])
    func pieces(size: Int) {
        var reader = ResponseReader()
        #expect(read(Self.image, into: &reader, pieces: size) == .complete(excess: 0))
        #expect(reader.head.status == 200)
        #expect(reader.head.isImage)
        #expect(reader.head.cache.outcome == .hit)
        #expect(reader.bodyBytes == 5)
        #expect(reader.headBytes == Self.image.utf8.count - 5)

        reader.reset()
        #expect(read(Self.chunked, into: &reader, pieces: size) == .complete(excess: 0))
        #expect(reader.bodyBytes == 14)
        #expect(!reader.head.isImage)
    }

    @Test("Interim answers are passed over; 204 and 304 have no body")
    func bodiless() {
        var reader = ResponseReader()
        #expect(read("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", into: &reader) == .complete(excess: 0))
        #expect(reader.head.status == 304)
        reader.reset()
        #expect(read("HTTP/1.1 204 No Content\r\n\r\n", into: &reader) == .complete(excess: 0))
    }

    @Test("A wish to come back later is seen, and forgotten with its answer")
    func retryAfter() {
        var reader = ResponseReader()
        let refusal = "HTTP/1.1 503 Service Unavailable\r\nretry-After: 1\r\nContent-Length: 0\r\n\r\n"
        #expect(read(refusal, into: &reader) == .complete(excess: 0))
        #expect(reader.head.hasRetryAfter)
        reader.reset()
        #expect(read(Self.image, into: &reader) == .complete(excess: 0))
        #expect(!reader.head.hasRetryAfter)
    }

    @Test("Bytes after the end are counted as excess")
    func excess() {
        var reader = ResponseReader()
        #expect(read(Self.image + "more", into: &reader) == .complete(excess: 4))
    }

    @Test("Without length and chunks the body ends with the connection")
    func untilClose() {
        var reader = ResponseReader()
        #expect(read("HTTP/1.0 200 OK\r\n\r\nabc", into: &reader) == .incomplete)
        #expect(reader.endsWithConnection)
        #expect(reader.bodyBytes == 3)
        #expect(!reader.head.keepsAlive)
    }

    @Test("A connection stays open unless its version or field says otherwise")
    func keepAlive() {
        var reader = ResponseReader()
        for (text, keepsAlive) in [
            ("HTTP/1.1 204 x\r\n\r\n", true), ("HTTP/1.1 204 x\r\nConnection: Close\r\n\r\n", false),
            ("HTTP/1.0 204 x\r\n\r\n", false), ("HTTP/1.0 204 x\r\nconnection: keep-alive\r\n\r\n", true),
        ] {
            reader.reset()
            _ = read(text, into: &reader)
            #expect(reader.head.keepsAlive == keepsAlive, "\(text)")
        }
    }

    @Test("What is not HTTP, or could be read in two ways, is malformed", arguments: [
        "SMTP 220 hello\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
    ])
    func malformed(text: String) {
        var reader = ResponseReader()
        #expect(read(text, into: &reader) == .malformed)
    }

    @Test("A head that never ends is malformed, not collected")
    func endlessHead() {
        var reader = ResponseReader()
        let line = "X-Filler: \(String(repeating: "x", count: 1_000))\r\n"
        #expect(read("HTTP/1.1 200 OK\r\n" + String(repeating: line, count: 100), into: &reader) == .malformed)
    }

    @Test("Many small chunks are not mistaken for a long head")
    func manyChunks() {
        var reader = ResponseReader()
        let chunks = String(repeating: "1\r\nx\r\n", count: 40_000)
        #expect(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)0\r\n\r\n", into: &reader) == .complete(excess: 0))
        #expect(reader.bodyBytes == 40_000)
    }
}

@Suite struct CacheVerdictTests {
    @Test("Cache-Status is read as RFC 9211 writes it", arguments: [
        ("ExampleCache; hit", CacheVerdict.Outcome.hit, false, nil),
        ("\"a; hit, b\"; hit; ttl=376", .hit, false, nil),
        ("ExampleCache; hit; ttl=-412", .hitStale, false, nil),
        ("ExampleCache; fwd=uri-miss; stored; collapsed", .miss, true, nil),
        ("ExampleCache; fwd=vary-miss; fwd-status=304", .miss, false, nil),
        ("ExampleCache; fwd=stale; fwd-status=304", .stale, false, nil),
        ("ExampleCache;fwd=bypass;detail=ELEASE", .bypass, false, "ELEASE"),
        ("Origin; hit; ttl=1100, \"Edge\"; fwd=uri-miss; collapsed=?0; detail=\"a, \\\"b\"", .miss, false, "a, \\\"b"),
        ("Origin; fwd=miss, Edge; hit", .hit, false, nil),
        ("Edge; hit=?0; fwd=request", .request, false, nil),
        ("Edge", .other, false, nil),
    ] as [(String, CacheVerdict.Outcome, Bool, String?)])
    func parses(field: String, outcome: CacheVerdict.Outcome, collapsed: Bool, detail: String?) {
        let bytes = Array(field.utf8)
        let verdict = CacheVerdict(bytes.span, 0..<bytes.count)
        #expect(verdict.outcome == outcome)
        #expect(verdict.collapsed == collapsed)
        #expect(verdict.detail == detail)
    }
}
