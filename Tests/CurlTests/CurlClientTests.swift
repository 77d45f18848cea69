import Curl
import Synchronization
import Testing
import TestServers

@Suite struct CurlClientTests {
    let client: CurlClient

    init() throws {
        client = try CurlClient()
    }

    @Test func bringsStatusHeadersAndBody() async throws {
        let server = try ScriptedServer { _, connection in
            connection.answer(203, "hello", headers: ["X-One: a", "x-one:  b  ", "Empty:"])
        }
        let response = try await client.perform(CurlRequest(url: "\(server.url)/a?b=c"))
        #expect(response.status == 203)
        #expect(response.body == Array("hello".utf8))
        #expect(response.headers["X-ONE"] == "b")
        #expect(response.headers.values(of: "x-one") == ["a", "b"])
        #expect(response.headers["empty"] == "")
        #expect(response.headers["absent"] == nil)
        #expect(response.head.url == "\(server.url)/a?b=c")
    }

    @Test func sendsWhatWasAskedAndNothingElse() async throws {
        let server = try ScriptedServer { _, connection in connection.answer() }
        _ = try await client.perform(
            CurlRequest(
                method: "POST", url: "\(server.url)/a/../b/./%2e%2e?x=%20",
                headers: [("X-Empty", ""), ("Accept", "image/avif")],
                body: Array("body".utf8)))
        let request = try #require(server.requests.first)
        #expect(request.method == "POST")
        #expect(request.target == "/a/../b/./%2e%2e?x=%20")
        #expect(request.body == Array("body".utf8))
        let headers = request.headers.map { "\($0.name): \($0.value)" }.sorted()
        #expect(headers == ["Accept: image/avif", "Content-Length: 4", "Host: 127.0.0.1:\(server.port)", "X-Empty: "])
    }

    @Test(arguments: ["HEAD", "GET", "PUT", "DELETE", "POST"])
    func sendsTheMethod(_ method: String) async throws {
        let server = try ScriptedServer { request, connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\(request.method == "HEAD" ? "" : "abc")")
        }
        let response = try await client.perform(CurlRequest(method: method, url: server.url, maximumBodyBytes: 3))
        #expect(server.requests.map(\.method) == [method])
        #expect(response.body.count == (method == "HEAD" ? 0 : 3))
    }

    @Test func sendsALargeBodyWithoutWaitingForLeave() async throws {
        let server = try ScriptedServer { request, connection in connection.answer(200, "\(request.body.count)") }
        let body = [UInt8](repeating: 7, count: 3 << 20)
        let response = try await client.perform(CurlRequest(method: "PUT", url: server.url, body: body))
        #expect(response.body == Array("\(3 << 20)".utf8))
        #expect(server.requests.first?["expect"] == nil)
    }

    @Test func reusesItsConnection() async throws {
        let server = try ScriptedServer { _, connection in connection.answer(200, "x") }
        for _ in 0..<10 {
            _ = try await client.perform(CurlRequest(url: server.url))
        }
        #expect(server.acceptedConnections == 1)
    }

    @Test func sendsAgainWhenAKeptConnectionWasClosed() async throws {
        let server = try ScriptedServer { _, connection in
            connection.answer(200, "x")
            connection.close()
        }
        for _ in 0..<5 {
            #expect(try await client.perform(CurlRequest(url: server.url)).status == 200)
        }
    }

    @Test func runsHundredsOfTransfersAtOnce() async throws {
        let count = 400
        let arrived = Atomic<Int>(0)
        let server = try ScriptedServer { request, connection in
            arrived.add(1, ordering: .sequentiallyConsistent)
            // Nobody is answered before all have asked: they can only be there at the same time.
            while arrived.load(ordering: .sequentiallyConsistent) < count { sched_yield_now() }
            connection.answer(200, request.target)
        }
        let client = client
        let bodies = try await withThrowingTaskGroup(of: String.self) { group in
            for index in 0..<count {
                group.addTask {
                    let request = CurlRequest(url: "\(server.url)/\(index)", timeouts: .longPoll(.seconds(60)))
                    return String(decoding: try await client.perform(request).body, as: UTF8.self)
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(bodies == Set((0..<count).map { "/\($0)" }))
    }

    @Test func skipsInterimAnswers() async throws {
        let server = try ScriptedServer { _, connection in
            connection.send("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n")
            connection.answer(200, "final")
        }
        let response = try await client.perform(CurlRequest(url: server.url))
        #expect(response.status == 200)
        #expect(response.headers["x-early"] == nil)
    }

    @Test func leavesTrailersOut() async throws {
        let server = try ScriptedServer { _, connection in
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Late: 1\r\n\r\n")
        }
        let response = try await client.perform(CurlRequest(url: server.url))
        #expect(response.body == Array("abc".utf8))
        #expect(response.headers["x-late"] == nil)
    }
}
