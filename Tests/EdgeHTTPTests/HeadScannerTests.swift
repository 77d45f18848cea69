@testable import EdgeHTTP
import Testing

@Suite struct HeadScannerTests {
    static let limits = HeadLimits(EdgeHTTPConfiguration())

    static let heads = [
        Padded("GET / HTTP/1.1\r\nHost: a\r\n\r\nrest"), Padded("\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
        Padded("GET / HTTP/1.0\r\nA:\t b\r\n\r\n"), Padded("GET /\n"), Padded("GET /\r\r"),
        Padded("GET / HTTP/1.1\r\nA: b\r\n c"), Padded("GET / HTTP/1.1\r\nA: \u{1}"), Padded("GET  / HTTP/1.1\r\n"),
        Padded("GET /\r\n"), Padded(" GET / HTTP/1.1\r\n"), Padded("\r\n\r\n\r\n"), Padded("GET / HTTP/2.0\r\n"),
        Padded("GET / FTP/1.1\r\n"), Padded("GET /", "a", 9000), Padded("", "G", 40),
        Padded("GET / HTTP/1.1\r\nA: ", "a", 33_000),
    ]

    static func scan(_ head: String, until end: Int, with scanner: inout HeadScanner) -> HeadScan {
        let bytes = Array(head.utf8.prefix(end))
        return scanner.scan(bytes.span)
    }

    @Test func whatItFinds() {
        let found = Self.heads.map { head in
            var scanner = HeadScanner(limits: Self.limits)
            return Self.scan(head.text, until: .max, with: &scanner)
        }
        #expect(found == [
            .complete(length: 27), .complete(length: 22), .complete(length: 25), .refused(.lineEnd), .refused(.lineEnd),
            .refused(.foldedLine), .refused(.controlCharacter), .refused(.requestLine), .refused(.requestLine),
            .refused(.foldedLine), .refused(.lineEnd), .refused(.version), .refused(.requestLine), .refused(.targetTooLong),
            .refused(.requestLine), .refused(.headTooLarge),
        ])
    }

    /// However a head is cut into pieces, the verdict is the same, and it comes no later.
    @Test(arguments: heads) func piecesMakeNoDifference(head: Padded) {
        var whole = HeadScanner(limits: Self.limits)
        let verdict = Self.scan(head.text, until: .max, with: &whole)
        var pieces = HeadScanner(limits: Self.limits)
        var end = 0
        while end < head.text.utf8.count {
            end += 1
            let step = Self.scan(head.text, until: end, with: &pieces)
            if step != .incomplete {
                #expect(step == verdict)
                return
            }
        }
        Issue.record("no verdict in pieces, \(verdict) in one")
    }
}
