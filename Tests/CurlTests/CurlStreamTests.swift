import Curl
import Synchronization
import Testing
import TestServers

@Suite struct CurlStreamTests {
    @Test func givesTheHeadBeforeTheBody() async throws {
        let (going, go) = AsyncStream.makeStream(of: Void.self)
        let server = try ScriptedServer { _, connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc")
            go.yield()
            var body: [UInt8] = []
            // The rest is sent only once the client has asked for it on a second connection.
            while body.isEmpty { body = released.withLock { $0 } }
            connection.send(body)
        }
        released.withLock { $0 = [] }
        let client = try CurlClient()
        let stream = try await client.stream(CurlRequest(url: server.url, timeouts: .patient))
        #expect(stream.head.status == 200)
        _ = await going.first { _ in true }
        #expect(try await stream.next() == Array("abc".utf8))
        released.withLock { $0 = Array("def".utf8) }
        #expect(try await stream.next() == Array("def".utf8))
        #expect(try await stream.next() == nil)
        #expect(try await stream.next() == nil)
    }

    @Test func bringsEveryByteThroughASmallBuffer() async throws {
        let body = (0..<(4 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let server = try ScriptedServer { _, connection in connection.answer(200, body) }
        let client = try CurlClient(configuration: CurlConfiguration(streamBufferBytes: 10_000))
        let stream = try await client.stream(CurlRequest(url: server.url, timeouts: .patient))
        var received: [UInt8] = []
        while let chunk = try await stream.next() {
            #expect(!chunk.isEmpty)
            received += chunk
        }
        #expect(received == body)
    }

    @Test func holdsAServerBackThatIsFasterThanItsReader() async throws {
        let sent = Atomic<Int>(0)
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        let server = try ScriptedServer { _, connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            let chunk = [UInt8](repeating: 1, count: 1 << 20)
            for _ in 0..<900 where connection.isOpen {
                connection.send(chunk)
                sent.add(1, ordering: .relaxed)
            }
            end.yield()
        }
        let client = try CurlClient(configuration: CurlConfiguration(streamBufferBytes: 1 << 20))
        do {
            let stream = try await client.stream(CurlRequest(url: server.url, maximumBodyBytes: 1 << 30))
            #expect(try await stream.next() != nil)
            // Another transfer on the same thread, as proof that the loop has turned meanwhile.
            let quick = try ScriptedServer { _, connection in connection.answer(200, "x") }
            for _ in 0..<50 { _ = try await client.perform(CurlRequest(url: quick.url)) }
        }
        // Letting go of the stream ends the transfer, which ends the server's loop.
        _ = await ended.first { _ in true }
        // What kernels keep in their socket buffers is a few MB; the whole would have been 900.
        #expect(sent.load(ordering: .relaxed) < 100)
    }

    @Test func saysWhyABodyIsNotComplete() async throws {
        let server = try ScriptedServer { _, connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
            connection.close()
        }
        let client = try CurlClient()
        let stream = try await client.stream(CurlRequest(url: server.url, timeouts: .patient))
        #expect(try await stream.next() == Array("abc".utf8))
        for _ in 0..<2 {
            let error = await failure { () throws(CurlError) in try await stream.next() }
            #expect(error?.code == .truncated)
        }
    }

    @Test func failsBeforeTheHead() async throws {
        let client = try CurlClient()
        let error = await failure { () throws(CurlError) in
            try await client.stream(CurlRequest(url: "http://127.0.0.1:\(closedPort())/"))
        }
        #expect(error?.code == .connectFailed)
    }

    @Test func endsWithItsTask() async throws {
        let server = try ScriptedServer { _, connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            connection.stall()
        }
        let client = try CurlClient()
        let stream = try await client.stream(CurlRequest(url: server.url, timeouts: .patient))
        let task = Task { await failure { () throws(CurlError) in try await stream.next() } }
        task.cancel()
        #expect(await task.value?.code == .cancelled)
    }
}

private let released = Mutex<[UInt8]>([])

extension CurlTimeouts {
    /// For tests about something else: on a busy machine seconds may pass between two of their steps.
    fileprivate static let patient = CurlTimeouts(total: nil, stall: nil)
}
