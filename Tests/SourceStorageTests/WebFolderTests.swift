import Curl
@testable import SourceStorage
import Testing
import TestServers

@Suite struct WebFolderTests {
    let client: CurlClient

    init() throws {
        client = try CurlClient()
    }

    private func storage(_ base: String, networks: [IPNetwork] = [], usesQuery: Bool = true) throws -> WebFolderStorage
    {
        WebFolderStorage(
            id: "web", base: try #require(HTTPBase(base)), usesQuery: usesQuery, networks: networks, client: client)
    }

    private func code(_ storage: WebFolderStorage, limits: ReadLimits = ReadLimits()) async -> StorageError.Code? {
        await failure { () throws(StorageError) in try await storage.read("x.jpg", limits: limits) }?.code
    }

    @Test func asksForTheKeyUnderTheBase() async throws {
        let server = try ScriptedServer { _, connection in connection.answer(200, "x") }
        _ = try await storage("\(server.url)/base/path/").read("a b/ü?.jpg", query: "alt=media&t=%20")
        _ = try await storage("\(server.url)?sv=1").read("a", query: "t=2")
        _ = try await storage(server.url, usesQuery: false).read("a", query: "t=2")
        #expect(
            server.requests.map(\.target) == ["/base/path/a%20b/%C3%BC%3F.jpg?alt=media&t=%20", "/a?sv=1&t=2", "/a"])
        #expect(server.requests.allSatisfy { $0["x-req-from"] == "vignette" })
    }

    @Test func sendsTheQueryToARealServer() async throws {
        let world = try await World.shared.value
        let echoed = try await world.web().read("query", query: "alt=media&token=%20x")
        #expect(String(decoding: echoed.body, as: UTF8.self) == "/query?alt=media&token=%20x")
        #expect(String(decoding: try await world.web().read("from").body, as: UTF8.self) == "vignette")
    }

    @Test func readsWhatTheAnswerSays() async throws {
        let server = try ScriptedServer { request, connection in
            connection.answer(
                200, "x",
                headers: [
                    "Content-Type: image/png", "ETag: W/\"1\"", "Last-Modified: Tue, 24 Nov 2026 22:00:00 GMT",
                    "Cache-Control: public", "Cache-Control: max-age=60", "Surrogate-Key: one two",
                    "surrogate-key: two three",
                    "Cache-Tag: four, five six ,,one", request.target == "/private" ? "Is-Private-File: True" : "X: y",
                ])
        }
        let object = try await storage(server.url).read("private")
        #expect(object.contentType == "image/png")
        #expect(object.etag == "W/\"1\"")
        #expect(object.lastModified == "Tue, 24 Nov 2026 22:00:00 GMT")
        #expect(object.cacheControl == "public, max-age=60")
        #expect(object.tags == ["one", "two", "three", "four", "five six"])
        #expect(object.isPrivate)
        #expect(try await storage(server.url).read("public").isPrivate == false)
    }

    @Test func saysSlowStalledShortAndReset() async throws {
        let server = try ScriptedServer { request, connection in
            switch request.target {
            case "/slow/x.jpg", "/stalled/x.jpg":
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
                connection.stall()
            case "/short/x.jpg":
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
                connection.close()
            default:
                connection.reset()
            }
        }
        #expect(
            await code(try storage("\(server.url)/slow"), limits: ReadLimits(total: .milliseconds(200))) == .timeout)
        #expect(await code(try storage("\(server.url)/stalled"), limits: ReadLimits(stall: .seconds(1))) == .timeout)
        #expect(await code(try storage("\(server.url)/short")) == .truncated)
        #expect(await code(try storage("\(server.url)/reset")) == .unreachable)
    }

    @Test(arguments: [204, 206, 302, 304, 400, 405, 429, 500, 503]) func takesNothingButAWholeObject(_ status: Int)
        async throws
    {
        let server = try ScriptedServer { _, connection in
            connection.send(
                "HTTP/1.1 \(status) X\r\n\(status == 204 || status == 304 ? "" : "Content-Length: 0\r\n")\r\n")
        }
        let storage = try storage(server.url)
        let error = await failure { () throws(StorageError) in try await storage.read("x.jpg") }
        #expect(error?.code == .badAnswer(status: status))
        #expect(error?.httpStatus == 502)
        #expect(error?.isRetryable == (status >= 429))
    }

    @Test func takesNoEncodedBody() async throws {
        let server = try ScriptedServer { _, connection in
            connection.answer(200, "x", headers: ["Content-Encoding: gzip"])
        }
        #expect(await code(try storage(server.url)) == .badAnswer(status: 200))
    }

    @Test func goesNowhereElseOnLoopback() async throws {
        let inner = try ScriptedServer { _, connection in connection.answer(200, "secret") }
        for target in [inner.url, "http://localhost:\(inner.port)", "http://[::ffff:127.0.0.1]:\(inner.port)"] {
            let outer = try ScriptedServer { _, connection in
                connection.answer(302, "", headers: ["Location: \(target)/x"])
            }
            #expect(await code(try storage(outer.url)) == .addressRefused, "\(target)")
        }
        #expect(inner.acceptedConnections == 0)
    }

    @Test func followsToANetworkThatIsAllowed() async throws {
        let inner = try ScriptedServer { _, connection in connection.answer(200, "open") }
        let outer = try ScriptedServer { _, connection in
            connection.answer(302, "", headers: ["Location: \(inner.url)/x"])
        }
        let allowed = try storage(outer.url, networks: [try #require(IPNetwork("127.0.0.0/8"))])
        #expect(try await allowed.read("x.jpg").body == Array("open".utf8))
    }

    @Test func leavesALoopOfRedirects() async throws {
        let server = try ScriptedServer { _, connection in connection.answer(302, "", headers: ["Location: /again"]) }
        #expect(await code(try storage(server.url)) == .badAnswer(status: 0))
        #expect(server.requests.count == 6)
    }

    @Test func endsWithItsTask() async throws {
        let (arrivals, arrive) = AsyncStream.makeStream(of: Void.self)
        let server = try ScriptedServer { _, connection in
            arrive.yield()
            connection.stall()
        }
        let storage = try storage(server.url)
        let task = Task { await code(storage) }
        _ = await arrivals.first { _ in true }
        task.cancel()
        #expect(await task.value == .cancelled)
    }
}
