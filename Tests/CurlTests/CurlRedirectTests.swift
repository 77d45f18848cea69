import Curl
import Testing
import TestServers

@Suite struct CurlRedirectTests {
    let client: CurlClient

    init() throws {
        client = try CurlClient()
    }

    @Test func followsOnlyWhenTold() async throws {
        let server = try ScriptedServer { request, connection in
            if request.target == "/there" {
                connection.answer(200, "found")
            } else {
                connection.answer(302, "moved", headers: ["Location: /there"])
            }
        }
        let kept = try await client.perform(CurlRequest(url: "\(server.url)/here"))
        #expect(kept.status == 302)
        #expect(kept.headers["location"] == "/there")
        let followed = try await client.perform(CurlRequest(url: "\(server.url)/here", maximumRedirects: 1))
        #expect(followed.status == 200)
        #expect(followed.body == Array("found".utf8))
        #expect(followed.headers["location"] == nil)
        #expect(followed.head.url == "\(server.url)/there")
    }

    @Test func leavesALoop() async throws {
        let server = try ScriptedServer { _, connection in connection.answer(302, "", headers: ["Location: /again"]) }
        let error = await failure { () throws(CurlError) in
            try await client.perform(CurlRequest(url: server.url, maximumRedirects: 5))
        }
        #expect(error?.code == .tooManyRedirects)
        #expect(server.requests.count == 6)
    }

    @Test(arguments: ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/x"])
    func followsToNoOtherScheme(_ location: String) async throws {
        let server = try ScriptedServer { _, connection in
            connection.answer(302, "", headers: ["Location: \(location)"])
        }
        let error = await failure { () throws(CurlError) in
            try await client.perform(CurlRequest(url: server.url, maximumRedirects: 5))
        }
        #expect(error?.code == .badAnswer)
    }

    @Test func asksForLeaveAtEveryHop() async throws {
        let inner = try ScriptedServer { _, connection in connection.answer(200, "secret") }
        let outer = try ScriptedServer { _, connection in
            connection.answer(302, "", headers: ["Location: \(inner.url)/x"])
        }
        let port = outer.port
        let rule = CurlAddressRule { $0.port == port }
        let request = CurlRequest(url: outer.url, maximumRedirects: 5, addresses: rule)
        let error = await failure { () throws(CurlError) in try await client.perform(request) }
        #expect(error?.code == .addressRefused)
        #expect(error?.message.contains("127.0.0.1:\(inner.port)") == true)
        #expect(inner.acceptedConnections == 0)
    }

    @Test func asksForLeaveOnAConnectionThatIsReused() async throws {
        let inner = try ScriptedServer { _, connection in connection.answer(200, "secret") }
        _ = try await client.perform(CurlRequest(url: inner.url))
        let request = CurlRequest(url: inner.url, addresses: CurlAddressRule { _ in false })
        let error = await failure { () throws(CurlError) in try await client.perform(request) }
        #expect(error?.code == .addressRefused)
        #expect(inner.requests.count == 1)
    }

    @Test func showsTheRuleTheAddressThatANameHas() async throws {
        let server = try ScriptedServer { _, connection in connection.answer(200, "x") }
        let rule = CurlAddressRule { $0.description == "127.0.0.1:\(server.port)" }
        let request = CurlRequest(url: "http://localhost:\(server.port)/", addresses: rule)
        #expect(try await client.perform(request).status == 200)
    }
}
