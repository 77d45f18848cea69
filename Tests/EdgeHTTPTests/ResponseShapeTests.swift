import CacheProtocol
import EdgeHTTP
import NIOCore
import Testing

/// Whole answers, as a client gets them.
@Suite(.timeLimit(.minutes(5)))
struct ResponseShapeTests {
    @Test func aHit() async throws {
        let answer = try await TestServer.run { _ in hit("pixels") } _: { server in
            try await server.exchange(get("/demo/a.jpg", last: true))
        }
        #expect(answer == """
            HTTP/1.1 200 OK
            Date: now
            Age: 0
            Cache-Status: Vignette-edge-1; hit; ttl=86400
            Connection: close
            Server: Vignette
            Content-Type: image/webp
            Content-Length: 6
            Accept-Ranges: bytes
            Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT
            X-Content-Type-Options: nosniff
            ETag: "v1"
            Cache-Control: public, max-age=86400, stale-while-revalidate=60
            Vary: Accept
            Access-Control-Allow-Origin: *
            Timing-Allow-Origin: *

            pixels
            """)
    }

    @Test func aPrivateDrawing() async throws {
        let answer = try await TestServer.run { _ in
            hit("<svg/>") {
                $0.contentType = "image/svg+xml"
                $0.lastModified = nil
                $0.isPrivate = true
                $0.variesByAccept = false
                $0.freshness = Freshness(maxAge: 10)
            }
        } _: { server in
            try await server.exchange(get("/demo/a.svg", last: true))
        }
        #expect(answer == """
            HTTP/1.1 200 OK
            Date: now
            Age: 0
            Cache-Status: Vignette-edge-1; hit; ttl=10
            Connection: close
            Server: Vignette
            Content-Type: image/svg+xml
            Content-Length: 6
            Accept-Ranges: bytes
            X-Content-Type-Options: nosniff
            Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox
            ETag: "v1"
            Cache-Control: private, max-age=10
            Access-Control-Allow-Origin: *
            Timing-Allow-Origin: *

            <svg/>
            """)
    }

    @Test func headIsAnsweredAsGetWithoutItsBody() async throws {
        let answer = try await TestServer.run { request in
            request.method == .head ? hit("pixels") : hit("not asked for")
        } _: { server in
            try await server.exchange("HEAD /demo/a.jpg HTTP/1.1\r\nHost: cdn.example\r\nConnection: close\r\n\r\n")
        }
        #expect(answer.contains("\nContent-Length: 6\n"))
        #expect(answer.hasSuffix("\nTiming-Allow-Origin: *\n\n"))
    }

    @Test func whatTheClientHasIsNotSentAgain() async throws {
        let answer = try await TestServer.run { _ in hit("pixels") } _: { server in
            try await server.exchange(get("/demo/a.jpg", "If-None-Match: \"v0\", W/\"v1\"", last: true))
        }
        #expect(answer == """
            HTTP/1.1 304 Not Modified
            Date: now
            Age: 0
            Cache-Status: Vignette-edge-1; hit; ttl=86400
            Connection: close
            Server: Vignette
            ETag: "v1"
            Cache-Control: public, max-age=86400, stale-while-revalidate=60
            Vary: Accept
            Access-Control-Allow-Origin: *
            Timing-Allow-Origin: *


            """)
    }

    @Test(arguments: [
        ("If-None-Match: *", 304), ("If-None-Match: \"v0\"", 200), ("If-None-Match: \"v1", 200),
        ("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", 304),
        ("If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT", 304),
        ("If-Modified-Since: Sun Nov  6 08:49:37 1994", 304),
        ("If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT", 200), ("If-Modified-Since: yesterday", 200),
        // The tag decides alone where there is one.
        ("If-None-Match: \"v0\"\r\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", 200),
        ("If-None-Match: \"v0\"\r\nIf-None-Match: \"v1\"", 304),
    ])
    func conditions(fields: String, status: Int) async throws {
        let answer = try await TestServer.run { _ in hit("pixels") } _: { server in
            try await server.exchange(get("/demo/a.jpg", fields, last: true))
        }
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
    }

    @Test func aFailureSaysWhatIsWrong() async throws {
        let answer = try await TestServer.run { _ in
            .now(.failure(
                EdgeFailure(status: 503, code: "ELEASE", message: "no lease\r\nSet-Cookie: ü", retryAfter: 3),
                .refused(.noLease)
            ))
        } _: { server in
            try await server.exchange(get("/demo/a.jpg", last: true))
        }
        #expect(answer == """
            HTTP/1.1 503 Service Unavailable
            Date: now
            Cache-Status: Vignette-edge-1; detail=no_lease
            Connection: close
            Server: Vignette
            Content-Type: text/plain; charset=utf-8
            Content-Length: 34
            X-Content-Type-Options: nosniff
            Cache-Control: no-store
            ik-error: ELEASE - no lease??Set-Cookie: ??
            Retry-After: 3
            Access-Control-Allow-Origin: *
            Timing-Allow-Origin: *

            ELEASE - no lease??Set-Cookie: ??

            """)
    }

    @Test func aNegativeEntryAnswersAsItsError() async throws {
        let answer = try await TestServer.run { _ in
            hit("ignored") {
                $0.status = 404
                $0.entityTag = ""
                $0.errorText = "ENOENT - no such image: b.jpg"
            }
        } _: { server in
            try await server.exchange(get("/demo/b.jpg", "If-None-Match: *", last: true))
        }
        #expect(answer == """
            HTTP/1.1 404 Not Found
            Date: now
            Cache-Status: Vignette-edge-1; hit
            Connection: close
            Server: Vignette
            Content-Type: text/plain; charset=utf-8
            Content-Length: 30
            X-Content-Type-Options: nosniff
            Cache-Control: no-store
            ik-error: ENOENT - no such image: b.jpg
            Access-Control-Allow-Origin: *
            Timing-Allow-Origin: *

            ENOENT - no such image: b.jpg

            """)
    }

    @Test func otherMethodsLearnWhatIsAllowed() async throws {
        try await TestServer.run { _ in hit("pixels") } _: { server in
            let delete = try await server.exchange("DELETE /a HTTP/1.1\r\nHost: cdn.example\r\nConnection: close\r\n\r\n")
            #expect(delete == """
                HTTP/1.1 405 Method Not Allowed
                Date: now
                Cache-Status: Vignette-edge-1; detail=bad_request
                Connection: close
                Server: Vignette
                Content-Type: text/plain; charset=utf-8
                Content-Length: 42
                X-Content-Type-Options: nosniff
                Cache-Control: no-store
                ik-error: EMETHOD - images are read by GET and HEAD
                Allow: GET, HEAD, OPTIONS
                Access-Control-Allow-Origin: *
                Timing-Allow-Origin: *

                EMETHOD - images are read by GET and HEAD

                """)
            let options = try await server.exchange("OPTIONS * HTTP/1.1\r\nHost: cdn.example\r\nConnection: close\r\n\r\n")
            #expect(options == """
                HTTP/1.1 204 No Content
                Date: now
                Connection: close
                Server: Vignette
                Access-Control-Allow-Methods: GET, HEAD, OPTIONS
                Allow: GET, HEAD, OPTIONS
                Access-Control-Allow-Origin: *
                Timing-Allow-Origin: *


                """)
        }
    }

    @Test func anOriginThatPutsLineEndsIntoItsMetadataAddsNoField() async throws {
        let answer = try await TestServer.run { _ in
            hit("pixels") { $0.contentType = "image/png\r\nSet-Cookie: a=b" }
        } _: { server in
            try await server.exchange(get("/demo/a.jpg", last: true))
        }
        #expect(answer.contains("\nContent-Type: image/png??Set-Cookie: a=b\n"))
    }

    @Test func cacheStatusTellsWhyItWasNoHit() async throws {
        let statuses: [CacheStatus] = [
            .miss(.cold, forwardStatus: 200, stored: true), .collapsed(.purged, stored: true), .miss(.bypass),
            .stale(.revalidating), .stale(.originError, forwardStatus: 503),
        ]
        let lines = try await TestServer.run { request in
            let index = request.target.utf8.last.map { Int($0) - 48 } ?? 0
            return .now(.object(photo { $0.freshness = Freshness(maxAge: 5) }, .none, statuses[index]))
        } _: { server in
            try await server.exchange((0...4).map { get("/\($0)", last: $0 == 4) }.joined())
        }
        #expect(lines.split(separator: "\n").filter { $0.hasPrefix("Cache-Status") } == [
            "Cache-Status: Vignette-edge-1; fwd=uri-miss; fwd-status=200; stored; ttl=5; detail=cold",
            "Cache-Status: Vignette-edge-1; fwd=miss; collapsed; stored; ttl=5; detail=purged",
            "Cache-Status: Vignette-edge-1; fwd=bypass; ttl=5; detail=bypass",
            "Cache-Status: Vignette-edge-1; hit; ttl=5; detail=revalidating",
            "Cache-Status: Vignette-edge-1; fwd=stale; fwd-status=503; ttl=5; detail=origin_error",
        ])
    }
}
