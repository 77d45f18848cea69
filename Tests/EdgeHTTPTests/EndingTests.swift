import CacheProtocol
import EdgeHTTP
import Glibc
import Logging
import NIOCore
import Synchronization
import Telemetry
import Testing

@Suite(.timeLimit(.minutes(5)))
struct EndingTests {
    static func later(_ work: @escaping @Sendable () async -> Void) -> EdgeOutcome {
        .later {
            await work()
            return .object(photo(), .bytes(ByteBuffer(string: "late")), .miss(.cold, forwardStatus: 200))
        }
    }

    @Test func aClientThatGoesAwayCancelsItsTask() async throws {
        let started = Signal()
        let cancelled = Signal()
        try await TestServer.run { _ in
            Self.later {
                await withTaskCancellationHandler {
                    started.set()
                    await cancelled.wait()
                } onCancel: {
                    cancelled.set()
                }
            }
        } _: { server in
            let client = try await server.connect()
            try await client.send(get("/a.jpg"))
            await started.wait()
            try await client.close()
            await cancelled.wait()
        }
    }

    @Test func whatHasNoRoomToWaitIsToldToComeAgain() async throws {
        let started = Signal()
        let release = Signal()
        var configuration = EdgeHTTPConfiguration(nodeName: "edge-1")
        configuration.maximumWaiting = 1
        configuration.retryAfterSeconds = 7
        try await TestServer.run(configuration) { request in
            if request.target == "/hit" { return hit("pixels") }
            return Self.later {
                started.set()
                await release.wait()
            }
        } _: { server in
            let first = try await server.connect()
            try await first.send(get("/1", last: true))
            await started.wait()
            let second = try await server.exchange(get("/2", last: true))
            #expect(second.hasPrefix("HTTP/1.1 503 Service Unavailable\n"))
            #expect(second.contains("\nRetry-After: 7\n"))
            #expect(second.contains("\nCache-Status: Vignette-edge-1; detail=overload\n"))
            #expect(try await server.exchange(get("/hit", last: true)).hasSuffix("\n\npixels"))
            release.set()
            #expect(await first.rest().hasSuffix("\n\nlate"))
            #expect(server.metric("vignette_http_not_hit_total{reason=\"overload\"}") == "1")
            // The room is free again.
            #expect(try await server.exchange(get("/3", last: true)).hasSuffix("\n\nlate"))
        }
    }

    @Test func oneClientTakesNotAllTheRoom() async throws {
        let release = Signal()
        var configuration = EdgeHTTPConfiguration(nodeName: "edge-1")
        configuration.maximumWaitingPerClient = 2
        try await TestServer.run(configuration) { _ in Self.later { await release.wait() } } _: { server in
            var waiting: [RawClient] = []
            for (number, address) in ["127.0.0.1", "127.0.0.1", "127.0.0.2"].enumerated() {
                waiting.append(try await server.connect(from: address))
                try await waiting[number].send(get("/\(number)", last: true))
                while server.metric("vignette_http_requests_waiting") != "\(number + 1)", !Task.isCancelled { await Task.yield() }
            }
            #expect(try await server.exchange(get("/one-too-many", last: true)).hasPrefix("HTTP/1.1 503 "))
            release.set()
            for client in waiting { #expect(await client.rest().hasSuffix("\n\nlate")) }
            #expect(try await server.exchange(get("/again", last: true)).hasSuffix("\n\nlate"))
        }
    }

    @Test func oneConnectionOfAClientTooMany() async throws {
        var configuration = EdgeHTTPConfiguration(nodeName: "edge-1")
        configuration.maximumConnectionsPerClient = 1
        try await TestServer.run(configuration) { _ in hit("pixels") } _: { server in
            let first = try await server.connect()
            try await first.send(get("/1"))
            _ = await first.receive(through: "pixels")
            #expect(try await server.connect().rest().hasPrefix("HTTP/1.1 503 Service Unavailable\n"))
            try await first.send(get("/1", last: true))
            #expect(await first.rest().hasSuffix("\n\npixels"))
            // It is told of the end a moment after us.
            var again = ""
            while !again.hasSuffix("\n\npixels") {
                again = try await server.exchange(get("/2", last: true))
                #expect(again.hasPrefix("HTTP/1.1 503 ") || again.hasSuffix("\n\npixels"))
            }
        }
    }

    @Test func oneThatIsLeavingAnswersOnAndSaysSo() async throws {
        try await TestServer.run { _ in hit("pixels") } _: { server in
            let client = try await server.connect()
            try await client.send(get("/1"))
            #expect(await !client.receive(through: "pixels").contains("\nConnection: close\n"))
            await server.server.leave()
            try await client.send(get("/2"))
            let last = await client.rest()
            #expect(last.contains("\nConnection: close\n") && last.hasSuffix("\n\npixels"))
            #expect(try await server.exchange(get("/3")).hasSuffix("\n\npixels"), "whoever comes still is answered")
        }
    }

    @Test func oneConnectionTooMany() async throws {
        var configuration = EdgeHTTPConfiguration(nodeName: "edge-1")
        configuration.maximumConnections = 1
        try await TestServer.run(configuration) { _ in hit("pixels") } _: { server in
            let first = try await server.connect()
            try await first.send(get("/1"))
            _ = await first.receive(through: "pixels")
            let second = try await server.connect()
            let refusal = await second.rest()
            #expect(refusal.hasPrefix("HTTP/1.1 503 Service Unavailable\n"))
            #expect(refusal.contains("\nik-error: EOVERLOAD - "))
            #expect(server.metric("vignette_http_connections_refused_total") == "1")
            try await first.send(get("/2", last: true))
            #expect(await first.rest().hasSuffix("\n\npixels"))
        }
    }

    @Test func aDrainFinishesRunningAnswersAndClosesIdleConnections() async throws {
        let started = Signal()
        let release = Signal()
        try await TestServer.run { request in
            if request.target == "/idle" { return hit("pixels") }
            return Self.later {
                started.set()
                await release.wait()
            }
        } _: { server in
            let idle = try await server.connect()
            try await idle.send(get("/idle"))
            _ = await idle.receive(through: "pixels")
            let busy = try await server.connect()
            try await busy.send(get("/busy"))
            await started.wait()
            async let down: Void = server.server.shutdown()
            #expect(await idle.rest() == "")
            #expect(!busy.isEnded)
            release.set()
            let answer = await busy.rest()
            #expect(answer.contains("\nConnection: close\n"))
            #expect(answer.hasSuffix("\n\nlate"))
            await down
            await #expect(throws: (any Error).self) { try await server.connect() }
        }
    }

    @Test func aDrainEndsThoughATaskDoesNot() async throws {
        let started = Signal()
        let release = Signal()
        var configuration = EdgeHTTPConfiguration()
        configuration.drainSeconds = 0
        try await TestServer.run(configuration) { _ in
            Self.later {
                started.set()
                await release.wait()
            }
        } _: { server in
            let client = try await server.connect()
            try await client.send(get("/a.jpg"))
            await started.wait()
            await server.server.shutdown()
            #expect(await client.rest() == "")
            release.set()
        }
    }

    @Test func theBarrierWaitsForRequestsThatAreBeingLookedUp() async throws {
        let inside = Signal()
        let gate = Signal()
        let answered = Signal()
        try await TestServer.run { _ in
            inside.set()
            // What must never be done on a loop, done to be seen inside: it holds the loop until the test lets go.
            while !gate.isSet { sched_yield() }
            answered.set()
            return hit("pixels")
        } _: { server in
            let client = try await server.connect()
            try await client.send(get("/a.jpg", last: true))
            await inside.wait()
            let barrier = Task {
                await server.server.barrier()
                return answered.isSet
            }
            gate.set()
            #expect(await barrier.value)
            _ = await client.rest()
        }
    }

    @Test func aHeadThatDoesNotComeToItsEnd() async throws {
        var configuration = EdgeHTTPConfiguration(nodeName: "edge-1")
        configuration.headSeconds = 1
        let answer = try await TestServer.run(configuration) { _ in hit("pixels") } _: { server in
            try await server.exchange("GET /a.jpg HTTP/1.1\r\nHost:")
        }
        #expect(answer.hasPrefix("HTTP/1.1 408 Request Timeout\n"))
        #expect(answer.contains("\nConnection: close\n"))
    }

    @Test func anIdleConnectionIsClosed() async throws {
        var configuration = EdgeHTTPConfiguration(nodeName: "edge-1")
        configuration.headSeconds = 1
        configuration.idleSeconds = 2
        try await TestServer.run(configuration) { _ in hit("pixels") } _: { server in
            let client = try await server.connect()
            try await client.send(get("/a.jpg"))
            #expect(await client.receive(through: "pixels").hasSuffix("pixels"))
            #expect(await client.rest() == "")
        }
    }

    @Test func aClientThatTakesNothingIsGivenUp() async throws {
        var configuration = EdgeHTTPConfiguration(nodeName: "edge-1")
        configuration.stallSeconds = 1
        let body = ByteBuffer(repeating: 7, count: 32 * 1024 * 1024)
        let metrics = try await TestServer.run(configuration) { _ in
            .now(.object(photo(), .bytes(body), .hit))
        } _: { server in
            let client = try await server.connect()
            try await client.stopReading()
            try await client.send(get("/a.jpg"))
            while server.metric("vignette_http_connections_total") != "1" || server.metric("vignette_http_connections") != "0" {
                await server.server.barrier()
            }
            try await client.close()
            return server.metric("vignette_http_connections")
        }
        #expect(metrics == "0")
    }

    @Test func everyRequestHasItsAccessLine() async throws {
        var name = Array("/tmp/vignette-access-XXXXXX".utf8CString)
        let descriptor = mkstemp(&name)
        defer {
            close(descriptor)
            unlink(name)
        }
        var configuration = AccessLogConfiguration(node: "edge-1")
        configuration.destination = .file(String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
        let log = try AccessLog(configuration: configuration, metrics: MetricsRegistry())
        try await TestServer.run(accessLog: log) { request in
            request.target == "/late" ? Self.later {} : hit("pixels")
        } _: { server in
            _ = try await server.exchange(get("/a%20b.jpg?x") + get("/late") + "POST / HTTP/1.1\r\nHost: h\r\n\r\nBREW /pot HTTP/1.1\r\n\r\n")
            #expect(server.metric("vignette_http_requests_total{cache=\"hit\"}") == "1")
            #expect(server.metric("vignette_http_requests_total{cache=\"miss\"}") == "1")
            #expect(server.metric("vignette_http_requests_total{cache=\"none\"}") == "2")
            #expect(server.metric("vignette_http_responses_total{status=\"2xx\"}") == "2")
        }
        log.shutdown()
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let lines = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n").map { line in
            line.split(separator: " ").filter { !$0.hasPrefix("time=") && !$0.hasPrefix("duration_us=") }.joined(separator: " ")
        }
        #expect(lines == [
            "log=access node=edge-1 client=127.0.0.1 method=GET target=/a%20b.jpg?x status=200 bytes=6 cache=hit",
            "log=access node=edge-1 client=127.0.0.1 method=GET target=/late status=200 bytes=4 cache=miss reason=cold",
            "log=access node=edge-1 client=127.0.0.1 method=POST target=/ status=405 bytes=42 reason=bad_request error=EMETHOD",
            "log=access node=edge-1 client=127.0.0.1 method=BREW target=/pot status=501 bytes=73 reason=bad_request error=EBADREQUEST",
        ])
    }

    @Test func settingsThatCannotBe() async throws {
        var configuration = EdgeHTTPConfiguration()
        configuration.nodeName = "edge 1"
        let server = EdgeHTTPServer(
            configuration: configuration, responder: Unasked(), metrics: MetricsRegistry(), log: .init(label: "test")
        )
        await #expect(throws: EdgeHTTPError.self) { try await server.start() }
    }

    struct Unasked: EdgeResponder {
        func respond(to request: EdgeRequest) -> EdgeOutcome { hit("never") }
    }
}
