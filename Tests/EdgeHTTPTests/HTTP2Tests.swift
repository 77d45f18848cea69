import CacheProtocol
import EdgeHTTP
import NIOCore
import NIOHTTP2
import Testing

@Suite(.timeLimit(.minutes(5)))
struct HTTP2Tests {
    private static func run(
        _ configuration: EdgeHTTPConfiguration = .patient, responding respond: @escaping @Sendable (EdgeRequest) -> EdgeOutcome,
        _ body: (TestServer, Int) async throws -> Void
    ) async throws {
        let certificates = try await Certificates("one")
        var configuration = configuration
        configuration.tls = certificates.configuration("one").tls
        try await TestServer.run(configuration, responding: respond) { server in
            try await body(server, try #require(server.address.tlsPort))
        }
    }

    @Test func aPlainHit() async throws {
        try await Self.run { _ in hit("pixels") } _: { server, port in
            let client = try await HTTP2Client(port: port)
            for _ in 0..<3 {
                let answer = await client.answer(to: try await client.get("/a.jpg"))
                #expect(answer.status == "200")
                #expect(answer.body == Array("pixels".utf8))
                #expect(answer.value("content-length") == "6")
                #expect(answer.value("cache-status") == "Vignette-edge-1; hit; ttl=86400")
            }
            #expect(server.metric("vignette_http2_connections_total") == "1")
            #expect(server.metric("vignette_http_requests_total{cache=\"hit\"}") == "3")
            #expect(server.metric("vignette_http_body_bytes_total") == "18")
        }
    }

    /// Streams wait for themselves: the last is answered first.
    @Test func answersOvertakeEachOther() async throws {
        let gates = (0..<100).map { _ in Signal() }
        try await Self.run { request in
            let number = Int(request.target.dropFirst()) ?? 0
            return EndingTests.later { await gates[number].wait() }
        } _: { server, port in
            let client = try await HTTP2Client(port: port)
            var streams: [Int] = []
            for number in gates.indices { streams.append(try await client.get("/\(number)")) }
            for number in gates.indices.reversed() {
                gates[number].set()
                #expect(await client.answer(to: streams[number]).body == Array("late".utf8))
            }
            #expect(server.metric("vignette_http_requests_waiting") == "0")
        }
    }

    @Test func aResetCancelsItsTask() async throws {
        let (started, cancelled) = (Signal(), Signal())
        try await Self.run { request in
            if request.target == "/hit" { return hit("pixels") }
            return EndingTests.later {
                await withTaskCancellationHandler {
                    started.set()
                    await cancelled.wait()
                } onCancel: {
                    cancelled.set()
                }
            }
        } _: { server, port in
            let client = try await HTTP2Client(port: port)
            let stream = try await client.get("/a.jpg")
            await started.wait()
            try await client.send(.rstStream(.cancel), on: stream)
            await cancelled.wait()
            #expect(await client.answer(to: try await client.get("/hit")).status == "200")
            #expect(server.metric("vignette_http_aborted_total") == "1")
        }
    }

    // MARK: Windows

    @Test(arguments: [false, true]) func noMoreIsSentThanTheClientTakes(fromFile: Bool) async throws {
        let bytes = BodyTests.megabyte
        let pin = try BodyTests.Pin(bytes)
        try await Self.run { request in
            if request.target == "/small" { return hit("pixels") }
            let file = AnswerBody.file(descriptor: pin.descriptor, offset: 0, length: bytes.count, pin: pin)
            return .now(.object(photo(), fromFile ? file : .bytes(ByteBuffer(bytes: bytes)), .hit))
        } _: { _, port in
            let client = try await HTTP2Client(port: port, window: 10, widens: false)
            let stream = try await client.get("/long")
            #expect(await client.bytes(10, of: stream).body == Array(bytes[..<10]))
            // A stream that the client does not read holds no other up.
            #expect(await client.answer(to: try await client.get("/small")).body == Array("pixels".utf8))
            #expect(client.heard.value.answers[stream]?.body.count == 10)
            try await client.send(.windowUpdate(windowSizeIncrement: 40_000), on: stream)
            #expect(await client.bytes(40_010, of: stream).body == Array(bytes[..<40_010]))
            // A window may be taken back, and is then below nothing.
            try await client.send(.settings(.settings([HTTP2Setting(parameter: .initialWindowSize, value: 0)])), on: 0)
            try await client.send(.windowUpdate(windowSizeIncrement: 110), on: stream)
            #expect(await client.bytes(40_110, of: stream).body == Array(bytes[..<40_110]))
            try await client.send(.windowUpdate(windowSizeIncrement: 2_000_000), on: 0)
            try await client.send(.windowUpdate(windowSizeIncrement: 2_000_000), on: stream)
            #expect(await client.answer(to: stream).body == bytes)
            #expect(client.heard.value.mistakes.isEmpty)
        }
    }

    /// While it waits for its turn.
    @Test func aWindowThatIsTakenBackAtOnceHurtsNobody() async throws {
        let bytes = BodyTests.megabyte
        try await Self.run { _ in .now(.object(photo(), .bytes(ByteBuffer(bytes: bytes)), .hit)) } _: { _, port in
            let client = try await HTTP2Client(port: port, widens: false)
            let stream = try await client.get("/long")
            #expect(await client.bytes(65_535, of: stream).body.count == 65_535)
            try await client.send([
                (.windowUpdate(windowSizeIncrement: 2_000_000), 0),
                (.windowUpdate(windowSizeIncrement: 10), stream),
                (.settings(.settings([HTTP2Setting(parameter: .initialWindowSize, value: 0)])), 0),
            ])
            try await client.send(.windowUpdate(windowSizeIncrement: 2_000_000), on: stream)
            #expect(await client.answer(to: stream).body == bytes)
        }
    }

    /// 200 kB each, and 65,535 bytes for all until the client says more.
    @Test func longAnswersShareTheConnection() async throws {
        let bytes = Array(BodyTests.megabyte[..<200_000])
        try await Self.run { _ in .now(.object(photo(), .bytes(ByteBuffer(bytes: bytes)), .hit)) } _: { _, port in
            let client = try await HTTP2Client(port: port)
            var streams: [Int] = []
            for number in 0..<20 { streams.append(try await client.get("/\(number)")) }
            for stream in streams { #expect(await client.answer(to: stream).body == bytes) }
            #expect(client.heard.value.mistakes.isEmpty)
        }
    }

    /// Its connection ends while its answers are handed over.
    @Test func whoGoesAwayInTheMiddleHurtsNobody() async throws {
        try await Self.run { _ in
            .now(.object(photo(), .bytes(ByteBuffer(bytes: BodyTests.megabyte)), .hit))
        } _: { server, port in
            let other = try await HTTP2Client(port: port)
            for round in 0..<40 {
                let client = try await HTTP2Client(port: port, window: 1 << 22)
                try await client.send(.windowUpdate(windowSizeIncrement: 1 << 24), on: 0)
                for number in 0..<16 { try await client.get("/\(number)") }
                _ = await client.bytes(1 + round * 20_000, of: 1)
                await client.close()
            }
            #expect(await other.answer(to: try await other.get("/other")).body == BodyTests.megabyte)
            await other.close()
            while server.metric("vignette_http_connections") != "0", !Task.isCancelled { await Task.yield() }
        }
    }

    /// What is dropped with a stream was never sent: the client does not know that it should allow more in its place.
    @Test func answersThatAreTakenBackCostNoWindow() async throws {
        let bytes = Array(BodyTests.megabyte[..<15_000])
        try await Self.run { _ in .now(.object(photo(), .bytes(ByteBuffer(bytes: bytes)), .hit)) } _: { _, port in
            let client = try await HTTP2Client(port: port)
            for _ in 0..<20 {
                client.flood(4)
                #expect(await client.answer(to: try await client.get("/kept")).body == bytes)
            }
            #expect(client.heard.value.mistakes.isEmpty)
        }
    }

    /// No window will ever be widened again.
    @Test func whoGoesAwayWithoutHavingTakenAllIsNotWaitedFor() async throws {
        try await Self.run { _ in
            .now(.object(photo(), .bytes(ByteBuffer(bytes: BodyTests.megabyte)), .hit))
        } _: { server, port in
            let client = try await HTTP2Client(port: port, window: 20_000, widens: false)
            var streams: [Int] = []
            for number in 0..<4 { streams.append(try await client.get("/\(number)")) }
            for stream in streams.dropLast() { #expect(await client.bytes(20_000, of: stream).body.count == 20_000) }
            try await client.halfClose()
            while server.metric("vignette_http_connections") != "0", !Task.isCancelled { await Task.yield() }
            #expect(server.metric("vignette_http_aborted_total") == "4")
        }
    }

    /// One that waits excuses no other.
    @Test func aStreamThatIsNotTakenIsEnded() async throws {
        var configuration = EdgeHTTPConfiguration(nodeName: "edge-1")
        configuration.stallSeconds = 1
        let release = Signal()
        try await Self.run(configuration) { request in
            if request.target == "/later" { return EndingTests.later { await release.wait() } }
            return .now(.object(photo(), .bytes(ByteBuffer(bytes: BodyTests.megabyte)), .hit))
        } _: { _, port in
            let client = try await HTTP2Client(port: port, window: 1_000, widens: false)
            let waiting = try await client.get("/later")
            let stalled = try await client.get("/long")
            let answer = await client.answer(to: stalled)
            // CANCEL
            #expect(answer.reset == 8)
            #expect(answer.body.count == 1_000)
            release.set()
            #expect(await client.answer(to: waiting).body == Array("late".utf8))
        }
    }

    /// NIO's framing ends such a stream by itself.
    @Test func aStreamsMistakeIsItsOwn() async throws {
        try await Self.run { _ in
            .now(.object(photo(), .bytes(ByteBuffer(bytes: BodyTests.megabyte)), .hit))
        } _: { server, port in
            let client = try await HTTP2Client(port: port, window: 1_000, widens: false)
            let stream = try await client.get("/long")
            _ = await client.bytes(1_000, of: stream)
            // To 2^31 - 1, and beyond (RFC 9113 §6.9.1).
            let widest: [UInt8] = [0, 0, 4, 8, 0, 0, 0, 0, UInt8(stream), 0x7F, 0xFF, 0xFF, 0xFF]
            try await client.send(frames: widest + widest)
            // FLOW_CONTROL_ERROR
            #expect(await client.answer(to: stream).reset == 3)
            #expect(server.metric("vignette_http_aborted_total") == "1")
            #expect(!client.heard.value.isEnded)
            let other = try await HTTP2Client(port: port)
            #expect(await other.answer(to: try await other.get("/long")).body == BodyTests.megabyte)
            await client.close()
            await other.close()
            while server.metric("vignette_http_connections") != "0", !Task.isCancelled { await Task.yield() }
        }
    }

    @Test func whatNobodyTakesIsEnded() async throws {
        var configuration = EdgeHTTPConfiguration(nodeName: "edge-1")
        configuration.stallSeconds = 1
        try await Self.run(configuration) { _ in
            .now(.object(photo(), .bytes(ByteBuffer(bytes: BodyTests.megabyte)), .hit))
        } _: { server, port in
            let client = try await HTTP2Client(port: port, window: 0, widens: false)
            #expect(await client.answer(to: try await client.get("/a.jpg")).reset == 8)
            #expect(server.metric("vignette_http_aborted_total") == "1")
        }
    }

    /// A byte now and then is no pace.
    @Test(arguments: [true, false]) func whatIsTakenByTheByteIsEnded(ofTheConnection: Bool) async throws {
        var configuration = EdgeHTTPConfiguration(nodeName: "edge-1")
        configuration.stallSeconds = 1
        try await Self.run(configuration) { _ in
            .now(.object(photo(), .bytes(ByteBuffer(bytes: BodyTests.megabyte)), .hit))
        } _: { server, port in
            let client = try await HTTP2Client(port: port, window: ofTheConnection ? 1 << 20 : 10, widens: false)
            let stream = try await client.get("/a.jpg")
            let dripping = Task {
                while !Task.isCancelled {
                    try await client.send(.windowUpdate(windowSizeIncrement: 1), on: ofTheConnection ? 0 : stream)
                    // The client's pace; nothing is waited for.
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            #expect(await client.answer(to: stream).reset == 8)
            dripping.cancel()
            #expect(server.metric("vignette_http_aborted_total") == "1")
        }
    }

    @Test func anIdleConnectionIsEndedInOrder() async throws {
        var configuration = EdgeHTTPConfiguration(nodeName: "edge-1")
        (configuration.headSeconds, configuration.idleSeconds) = (1, 2)
        try await Self.run(configuration) { _ in hit("pixels") } _: { server, port in
            let client = try await HTTP2Client(port: port)
            #expect(await client.answer(to: try await client.get("/a.jpg")).status == "200")
            await client.ended()
            #expect(client.heard.value.goAways.map(\.code) == [0])
            #expect(client.heard.value.goAways.map(\.last) == [1])
        }
    }

    // MARK: Ends

    @Test func leavingTellsClientsToGoElsewhere() async throws {
        let (started, release) = (Signal(), Signal())
        try await Self.run { request in
            if request.target == "/hit" { return hit("pixels") }
            return EndingTests.later {
                started.set()
                await release.wait()
            }
        } _: { server, port in
            let client = try await HTTP2Client(port: port)
            let waiting = try await client.get("/later")
            await started.wait()
            await server.server.leave()
            await client.heard.wait { !$0.goAways.isEmpty }
            #expect(client.heard.value.goAways[0].code == 0)
            async let down: Void = server.server.shutdown()
            release.set()
            #expect(await client.answer(to: waiting).body == Array("late".utf8))
            await client.ended()
            await down
        }
    }

    @Test func anEraseResetsTheConnection() async throws {
        let bytes = [UInt8](repeating: 7, count: 24_000_000)
        let letGo = Signal()
        let pin = Watched<BodyTests.Pin?>(try BodyTests.Pin(bytes, letGo: letGo))
        try await Self.run { request in
            guard request.target == "/erased", let pin = pin.value else { return hit("pixels") }
            let file = AnswerBody.file(descriptor: pin.descriptor, offset: 0, length: bytes.count, pin: pin)
            return .now(.object(photo { $0.entityTag = "\"erased\"" }, file, .hit))
        } _: { server, port in
            let client = try await HTTP2Client(port: port, window: 100_000, widens: false)
            let other = try await HTTP2Client(port: port)
            let stream = try await client.get("/erased")
            _ = await client.bytes(60_000, of: stream)
            #expect(await other.answer(to: try await other.get("/other")).status == "200")
            pin.change { $0 = nil }
            await server.server.abort { $0.entityTag == "\"erased\"" }
            #expect(letGo.isSet, "the pin is let go when abort returns")
            await client.ended()
            #expect(await other.answer(to: try await other.get("/other")).status == "200")
            #expect(server.metric("vignette_http_answers_erased_total") == "1")
        }
    }

    /// CVE-2023-44487: streams that are opened and given up at once cost their client the connection.
    @Test func aFloodOfResetsEndsTheConnection() async throws {
        let never = Signal()
        try await Self.run { _ in EndingTests.later { await never.wait() } } _: { server, port in
            let client = try await HTTP2Client(port: port)
            client.flood(3_000)
            await client.ended()
            // ENHANCE_YOUR_CALM, unless it came in vain to who was still sending.
            #expect(client.heard.value.goAways.allSatisfy { $0.code == 11 })
            let other = try await HTTP2Client(port: port)
            #expect(other.heard.value.isReady)
            await other.close()
            while server.metric("vignette_http_requests_waiting") != "0", !Task.isCancelled { await Task.yield() }
        }
    }
}
