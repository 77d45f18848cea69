import CacheProtocol
import EdgeHTTP
import NIOCore
import Synchronization
import Testing

/// An erase cuts answers off; see `EdgeHTTPServer.abort(where:)`.
@Suite(.timeLimit(.minutes(5)))
struct EraseTests {
    /// More than two sockets hold.
    private static let count = 24_000_000
    private static let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: count)

    private static func object(_ target: String) -> ObjectMetadata {
        photo { $0.scope.sources = [SourceIdentity(storage: "photos", key: target)] }
    }

    private static func isErased(_ metadata: ObjectMetadata) -> Bool {
        metadata.scope.sources.contains { $0.key.hasPrefix("/erased") }
    }

    /// Two clients that have read the head of a long answer, and no more.
    private func slowReaders(
        of server: TestServer, _ targets: String...
    ) async throws -> [RawClient] {
        var clients: [RawClient] = []
        for target in targets {
            let client = try await server.connect()
            try await client.stopReading()
            try await client.send(get(target, last: true))
            let head = await client.receiveSlowly(through: "\r\n\r\n")
            #expect(head.contains("\nContent-Length: \(Self.count)\n"))
            clients.append(client)
        }
        return clients
    }

    private func finish(_ kept: RawClient, _ erased: RawClient, _ server: TestServer) async throws {
        // Closed already if it has noticed.
        try? await erased.readOn()
        #expect(await erased.restBytes().count < Self.count)
        #expect(erased.wasReset)
        try await kept.readOn()
        #expect(await kept.restBytes().count == Self.count)
        #expect(!kept.wasReset)
        #expect(server.metric("vignette_http_answers_erased_total") == "1")
        #expect(server.metric("vignette_http_aborted_total") == "0")
        #expect(try await server.exchange(get("/small", last: true)).hasSuffix("\n\npixels"))
    }

    @Test func aFileThatIsUnderWay() async throws {
        let letGo = Signal()
        let erasedPin = Mutex<BodyTests.Pin?>(try BodyTests.Pin(Self.bytes, letGo: letGo))
        let keptPin = try BodyTests.Pin(Self.bytes)
        var configuration = EdgeHTTPConfiguration.patient
        configuration.loops = 2
        try await TestServer.run(configuration) { request in
            if request.target == "/small" { return hit("pixels") }
            let pin: BodyTests.Pin? = request.target == "/kept" ? keptPin : erasedPin.withLock { value in
                defer { value = nil }
                return value
            }
            guard let pin else { return hit("gone") }
            let body = AnswerBody.file(descriptor: pin.descriptor, offset: 0, length: Self.count, pin: pin)
            return .now(.object(Self.object(request.target), body, .hit))
        } _: { server in
            let clients = try await slowReaders(of: server, "/kept", "/erased")
            #expect(!letGo.isSet)
            await server.server.abort(where: Self.isErased)
            #expect(letGo.isSet, "the pin is let go when abort returns")
            try await finish(clients[0], clients[1], server)
        }
    }

    @Test func bytesThatAreUnderWay() async throws {
        try await TestServer.run { request in
            if request.target == "/small" { return hit("pixels") }
            return .now(.object(Self.object(request.target), .bytes(ByteBuffer(bytes: Self.bytes)), .hit))
        } _: { server in
            let clients = try await slowReaders(of: server, "/kept", "/erased")
            await server.server.abort(where: Self.isErased)
            try await finish(clients[0], clients[1], server)
        }
    }

    @Test func whatIsSentOrWaitsForAFillIsLeftAlone() async throws {
        let started = Signal()
        let release = Signal()
        try await TestServer.run { request in
            if request.target == "/erased/now" {
                return .now(.object(Self.object(request.target), .bytes(ByteBuffer(string: "pixels")), .hit))
            }
            return .later {
                started.set()
                await release.wait()
                return .object(Self.object("/erased/later"), .bytes(ByteBuffer(string: "late")), .hit)
            }
        } _: { server in
            let client = try await server.connect()
            // More than are noted before the channel is asked.
            for _ in 0..<20 {
                try await client.send(get("/erased/now"))
                _ = await client.receive(through: "pixels")
            }
            try await client.send(get("/later", last: true))
            await started.wait()
            await server.server.abort(where: Self.isErased)
            #expect(!client.isEnded)
            release.set()
            #expect(await client.rest().hasSuffix("\n\nlate"))
            #expect(server.metric("vignette_http_answers_erased_total") == "0")
        }
    }

    @Test func onAConnectionWithSeveralAnswersUnderWayTheOneThatIsSentCountsNoMore() async throws {
        try await TestServer.run { request in
            if request.target == "/erased" {
                return .now(.object(Self.object(request.target), .bytes(ByteBuffer(string: "pixels")), .hit))
            }
            return .now(.object(Self.object(request.target), .bytes(ByteBuffer(bytes: Self.bytes)), .hit))
        } _: { server in
            let client = try await server.connect()
            try await client.stopReading()
            try await client.send(get("/erased") + get("/kept", last: true))
            _ = await client.receiveSlowly(through: "pixels")
            _ = await client.receiveSlowly(through: "\r\n\r\n")
            await server.server.abort(where: Self.isErased)
            try await client.readOn()
            #expect(await client.restBytes().count == Self.count)
            #expect(!client.wasReset)
        }
    }
}
