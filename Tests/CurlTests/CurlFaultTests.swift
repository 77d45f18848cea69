import Curl
import Synchronization
import Testing
import TestServers

@Suite struct CurlFaultTests {
    let client: CurlClient

    init() throws {
        client = try CurlClient()
    }

    @Test func namesAHostThatRefuses() async {
        let port = closedPort()
        let error = await failure { () throws(CurlError) in
            try await client.perform(CurlRequest(url: "http://127.0.0.1:\(port)/x?secret=1"))
        }
        #expect(error?.code == .connectFailed)
        #expect(error?.host == "127.0.0.1:\(port)")
        #expect(
            error?.message
                == "No connection to 127.0.0.1:\(port): Connection refused. Check that the server runs and that a firewall lets it answer."
        )
    }

    @Test func givesUpASilentServer() async throws {
        let server = try ScriptedServer { _, connection in connection.stall() }
        let total = await failure { () throws(CurlError) in
            try await client.perform(CurlRequest(url: server.url, timeouts: CurlTimeouts(total: .milliseconds(100))))
        }
        #expect(total?.code == .timedOut)
        #expect(total?.message.contains("0.1 seconds") == true)
        let stalled = await failure { () throws(CurlError) in
            try await client.perform(CurlRequest(url: server.url, timeouts: CurlTimeouts(stall: .seconds(1))))
        }
        #expect(stalled?.code == .timedOut)
        #expect(stalled?.message.contains("stalled") == true)
    }

    @Test func givesUpAStallInTheMiddleOfABody() async throws {
        let server = try ScriptedServer { _, connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
            connection.stall()
        }
        let error = await failure { () throws(CurlError) in
            try await client.perform(CurlRequest(url: server.url, timeouts: CurlTimeouts(stall: .seconds(1))))
        }
        #expect(error?.code == .timedOut)
        #expect(error?.message.contains("3 bytes in all") == true)
    }

    @Test func refusesABodyShorterThanDeclared() async throws {
        let server = try ScriptedServer { _, connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
            connection.close()
        }
        let error = await failure { () throws(CurlError) in try await client.perform(CurlRequest(url: server.url)) }
        #expect(error?.code == .truncated)
        #expect(error?.message.contains("after 3 bytes") == true)
    }

    @Test func refusesChunksWithoutAnEnd() async throws {
        let server = try ScriptedServer { _, connection in
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            connection.close()
        }
        let error = await failure { () throws(CurlError) in try await client.perform(CurlRequest(url: server.url)) }
        #expect(error?.code == .truncated)
    }

    @Test func cutsABodyLongerThanDeclared() async throws {
        let server = try ScriptedServer { _, connection in
            connection.send(
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        }
        #expect(try await client.perform(CurlRequest(url: server.url)).body == Array("abc".utf8))
        #expect(try await client.perform(CurlRequest(url: server.url)).body == Array("abc".utf8))
    }

    @Test func noticesAReset() async throws {
        let server = try ScriptedServer { request, connection in
            if request.target == "/late" {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
            }
            connection.reset()
        }
        let early = await failure { () throws(CurlError) in
            try await client.perform(CurlRequest(url: "\(server.url)/early"))
        }
        #expect(early?.code == .connectionLost)
        let late = await failure { () throws(CurlError) in
            try await client.perform(CurlRequest(url: "\(server.url)/late"))
        }
        #expect(late?.code == .truncated || late?.code == .connectionLost)
    }

    @Test func refusesWhatIsNotHTTP() async throws {
        let server = try ScriptedServer { _, connection in
            connection.send("220 mail.example ESMTP\r\n\r\n")
            connection.close()
        }
        let error = await failure { () throws(CurlError) in try await client.perform(CurlRequest(url: server.url)) }
        #expect(error?.code == .badAnswer)
    }

    @Test func refusesAHeadWithoutEnd() async throws {
        let server = try ScriptedServer { _, connection in
            connection.send("HTTP/1.1 200 OK\r\n")
            for _ in 0..<200 { connection.send("X-Filler: \(String(repeating: "x", count: 1000))\r\n") }
            connection.stall()
        }
        let error = await failure { () throws(CurlError) in try await client.perform(CurlRequest(url: server.url)) }
        #expect(error?.code == .badAnswer)
    }

    @Test(arguments: [true, false]) func stopsAtTheLimit(isDeclared: Bool) async throws {
        let server = try ScriptedServer { request, connection in
            let size = request.target == "/fits" ? 1000 : 1001
            let framing = isDeclared ? "Content-Length: \(size)" : "Connection: close"
            connection.send("HTTP/1.1 200 OK\r\n\(framing)\r\n\r\n\(String(repeating: "x", count: size))")
            if !isDeclared { connection.close() }
        }
        let fits = try await client.perform(CurlRequest(url: "\(server.url)/fits", maximumBodyBytes: 1000))
        #expect(fits.body.count == 1000)
        let error = await failure { () throws(CurlError) in
            try await client.perform(CurlRequest(url: "\(server.url)/exceeds", maximumBodyBytes: 1000))
        }
        #expect(error?.code == .tooLarge)
        #expect(error?.message.contains("at most 1000 are taken") == true)
    }

    @Test func cutsTheBodyOfAnErrorAnswer() async throws {
        let server = try ScriptedServer { _, connection in connection.answer(404, String(repeating: "x", count: 5000)) }
        let response = try await client.perform(
            CurlRequest(url: server.url, maximumBodyBytes: 10, maximumErrorBodyBytes: 100))
        #expect(response.status == 404)
        #expect(response.body.count == 100)
    }

    @Test(arguments: [
        "ftp://127.0.0.1/", "file:///etc/passwd", "127.0.0.1/x", "http:///x", "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nX: y",
        "http://[::1/", "gopher://127.0.0.1",
    ]) func refusesURLs(_ url: String) async {
        let error = await failure { () throws(CurlError) in try await client.perform(CurlRequest(url: url)) }
        #expect(error?.code == .invalidRequest || error?.code == .schemeRefused)
    }

    @Test func refusesHeadersThatWouldBeTwo() async {
        for (name, value) in [("X", "a\r\nY: b"), ("X\r\nY", "a"), ("", "a"), ("X:", "a"), ("X", "a\0b")] {
            let error = await failure { () throws(CurlError) in
                try await client.perform(CurlRequest(url: "http://127.0.0.1/", headers: [(name, value)]))
            }
            #expect(error?.code == .invalidRequest)
        }
    }

    @Test func endsACancelledTransfer() async throws {
        let (arrivals, arrive) = AsyncStream.makeStream(of: Void.self)
        let server = try ScriptedServer { _, connection in
            arrive.yield()
            connection.stall()
        }
        let client = client
        let task = Task {
            await failure { () throws(CurlError) in try await client.perform(CurlRequest(url: server.url)) }
        }
        _ = await arrivals.first { _ in true }
        task.cancel()
        #expect(await task.value?.code == .cancelled)
    }

    @Test func doesNotBeginACancelledTask() async throws {
        let server = try ScriptedServer { _, connection in connection.stall() }
        let client = client
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await failure { () throws(CurlError) in try await client.perform(CurlRequest(url: server.url)) }
        }
        #expect(await task.value?.code == .cancelled)
    }

    @Test func endsWhatIsUnderWayAtShutdown() async throws {
        let (arrivals, arrive) = AsyncStream.makeStream(of: Void.self)
        let server = try ScriptedServer { _, connection in
            arrive.yield()
            connection.stall()
        }
        let client = client
        let task = Task {
            await failure { () throws(CurlError) in try await client.perform(CurlRequest(url: server.url)) }
        }
        _ = await arrivals.first { _ in true }
        client.shutdown()
        #expect(await task.value?.code == .shutDown)
        let later = await failure { () throws(CurlError) in try await client.perform(CurlRequest(url: server.url)) }
        #expect(later?.code == .shutDown)
    }
}
