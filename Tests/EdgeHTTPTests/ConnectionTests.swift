import CacheProtocol
import EdgeHTTP
import NIOCore
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5)))
struct ConnectionTests {
    /// Answers with the request's own target.
    @Sendable static func echo(_ request: EdgeRequest) -> EdgeOutcome {
        hit("\(request.method == .get ? "" : "HEAD ")\(request.host)\(request.target)|")
    }

    static func bodies(_ answers: String) -> [String] {
        answers.split(separator: "\n").filter { $0.contains("|") }.map { String($0.prefix { $0 != "|" }) }
    }

    @Test func answersLeaveInTheOrderOfTheirRequests() async throws {
        let second = Signal()
        let answers = try await TestServer.run { request in
            guard request.target == "/1" else {
                second.set()
                return Self.echo(request)
            }
            return .later { () async -> EdgeAnswer in
                guard case .now(let answer) = Self.echo(request) else { preconditionFailure("echo answers at once") }
                return answer
            }
        } _: { server in
            try await server.exchange(get("/1") + get("/2") + get("/3", last: true))
        }
        #expect(Self.bodies(answers) == ["cdn.example/1", "cdn.example/2", "cdn.example/3"])
    }

    @Test func aRequestWaitsForTheAnswerBeforeIt() async throws {
        let release = Signal()
        let asked = Mutex<[String]>([])
        let answers = try await TestServer.run { request in
            asked.withLock { $0.append(request.target) }
            guard request.target == "/slow" else { return Self.echo(request) }
            return .later {
                await release.wait()
                return .object(photo(), .bytes(ByteBuffer(string: "slow|")), .miss(.cold))
            }
        } _: { server in
            let client = try await server.connect()
            try await client.send(get("/slow") + get("/fast", last: true))
            // Another connection is not held up.
            #expect(Self.bodies(try await server.exchange(get("/other", last: true))) == ["cdn.example/other"])
            #expect(asked.withLock { $0.contains("/fast") } == false)
            release.set()
            return await client.rest()
        }
        #expect(Self.bodies(answers) == ["slow", "cdn.example/fast"])
    }

    @Test func aHundredPipelinedRequestsOnOneConnection() async throws {
        let answers = try await TestServer.run(responding: Self.echo) { server in
            try await server.exchange((1...100).map { get("/\($0)", last: $0 == 100) }.joined())
        }
        #expect(Self.bodies(answers) == (1...100).map { "cdn.example/\($0)" })
    }

    @Test func requestsMayComeSplitAnywhere() async throws {
        let requests = "\r\n" + get("/demo/tr:w-300/a%20b.jpg?x=1", "Accept: image/webp") + get("/2", last: true)
        let whole = try await TestServer.run(responding: Self.echo) { server in
            let whole = try await server.exchange(requests)
            for cut in 1..<requests.utf8.count {
                let client = try await server.connect()
                let bytes = Array(requests.utf8)
                try await client.send(Array(bytes[..<cut]))
                // Only when the first part was read can the second not come with it.
                await server.server.barrier()
                try await client.send(Array(bytes[cut...]))
                #expect(await client.rest() == whole, "cut at \(cut)")
            }
            return whole
        }
        #expect(Self.bodies(whole) == ["cdn.example/demo/tr:w-300/a%20b.jpg?x=1", "cdn.example/2"])
    }

    @Test func byteByByte() async throws {
        let answers = try await TestServer.run(responding: Self.echo) { server in
            let client = try await server.connect()
            for byte in (get("/1") + get("/2", last: true)).utf8 {
                try await client.send([byte])
                await server.server.barrier()
            }
            return await client.rest()
        }
        #expect(Self.bodies(answers) == ["cdn.example/1", "cdn.example/2"])
    }

    @Test func theTargetIsWhatWasSent() async throws {
        let seen = Mutex<[UInt8]>([])
        let sent = Array("/a%2Fb/%c3%b8//../x?ik-s=1&tr=w-1,h-2".utf8)
        try await TestServer.run { request in
            request.withTarget { target in seen.withLock { $0 = (0..<target.count).map { target[$0] } } }
            return Self.echo(request)
        } _: { server in
            let client = try await server.connect()
            try await client.send(Array("GET ".utf8) + sent + Array(" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8))
            _ = await client.rest()
        }
        #expect(seen.withLock { $0 } == sent)
    }

    @Test(arguments: [
        // absolute-form, whose host counts
        ("GET http://other.example:81/a?b HTTP/1.1\r\nHost: cdn.example\r\nConnection: close\r\n\r\n", "other.example:81/a?b"),
        ("GET http://other.example?b HTTP/1.1\r\nHost: cdn.example\r\nConnection: close\r\n\r\n", "other.example/?b"),
        ("GET /a HTTP/1.0\r\n\r\n", "/a"),
        ("GET /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello", "h/a"),
        ("GET /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "h/a"),
        ("GET /a HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Close\r\n\r\n", "h/a"),
        ("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n", "h/a"),
        ("GET /a HTTP/1.1\r\nhOST:\t h \r\nCONNECTION: CLOSE\r\n\r\n", "h/a"),
    ])
    func unusualButRight(request: String, body: String) async throws {
        let answer = try await TestServer.run(responding: Self.echo) { server in try await server.exchange(request) }
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\n"))
        #expect(answer.contains("\nConnection: close\n"))
        // And no answer to what is no request behind it.
        #expect(answer.hasSuffix("\n\n\(body)|"))
    }

    @Test func aConnectionGoesOnAfterAnUpgradeThatIsNotTakenUp() async throws {
        let upgrade = get("/1", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA")
        let answers = try await TestServer.run(responding: Self.echo) { server in
            try await server.exchange(upgrade + upgrade + get("/2", last: true))
        }
        #expect(Self.bodies(answers) == ["cdn.example/1", "cdn.example/1", "cdn.example/2"])
    }

    @Test func nothingIsReadBehindATunnelThatIsRefused() async throws {
        let answer = try await TestServer.run(responding: Self.echo) { server in
            try await server.exchange("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n" + get("/1", last: true))
        }
        #expect(answer.hasPrefix("HTTP/1.1 405 Method Not Allowed\n"))
        #expect(answer.contains("\nConnection: close\n"))
        #expect(Self.bodies(answer).isEmpty)
    }

    @Test func oldClientsAreToldThatTheConnectionGoesOn() async throws {
        let answers = try await TestServer.run(responding: Self.echo) { server in
            try await server.exchange("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\nHost: h\r\n\r\n")
        }
        #expect(answers.split(separator: "\n").filter { $0.hasPrefix("Connection") } == ["Connection: keep-alive", "Connection: close"])
        #expect(Self.bodies(answers) == ["/1", "h/2"])
    }

    @Test func fieldsOfTheRequest() async throws {
        let answer = try await TestServer.run { request in
            hit("\(request.accept ?? "-");\(request.field("sec-ch-width") ?? "-");\(request.hasAuthorization);\(request.hasRange)|")
        } _: { server in
            try await server.exchange(
                get("/1", "Accept: image/webp", "ACCEPT:image/avif;q=0.5", "Sec-CH-Width:  300 ", "Range: pages=0-1")
                    + get("/2", "Authorization: Basic eA==", last: true)
            )
        }
        #expect(Self.bodies(answer) == ["image/webp, image/avif;q=0.5;300;false;true", "-;-;true;false"])
    }
}
