import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import Telemetry

@Suite("The listener for metrics and health")
struct TelemetryListenerTests {
    @Test("GET and HEAD on the three paths, 404 and 405 elsewhere", arguments: [
        ("GET /metrics", 200, "up 1\n"), ("HEAD /metrics", 200, ""), ("GET /metrics?x=1", 200, "up 1\n"),
        ("GET /health", 200, "healthy\n"), ("HEAD /health", 200, ""),
        ("GET /ready", 503, "no lease yet\n"), ("HEAD /ready", 503, ""),
        ("GET /", 404, "Nothing here. There are /metrics, /health and /ready.\n"), ("POST /metricsx", 404, nil),
        ("POST /metrics", 405, "Only GET and HEAD are answered here.\n"), ("DELETE /ready", 405, nil),
    ] as [(String, Int, String?)])
    func answers(request: String, status: Int, body: String?) async throws {
        try await withListener { port in
            let answer = try Wire(port: port).ask("\(request) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
            #expect(answer.contains("\r\nconnection: close\r\n"))
            if let body { #expect(answer.parts("\r\n\r\n").last == body) }
            if status == 405 { #expect(answer.contains("\r\nallow: GET, HEAD\r\n")) }
        }
    }

    @Test("metrics name the text format's version")
    func contentType() async throws {
        try await withListener { port in
            let answer = try Wire(port: port).ask("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

            #expect(answer.contains("\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\n"))
            #expect(answer.contains("\r\ncontent-length: 5\r\n"))
        }
    }

    @Test("a connection is kept for the next question, and pipelined ones are answered in order")
    func keepAlive() async throws {
        try await withListener { port in
            let question = "GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /ready HTTP/1.1\r\nHost: x\r\n\r\n"
            let last = "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            let answer = try Wire(port: port).ask(question + last)
            let statuses = answer.matches(of: /HTTP\/1\.1 (\d+)/).map { String($0.1) }

            #expect(statuses == ["200", "503", "404"])
        }
    }

    @Test("readiness is asked anew for every request")
    func readinessChanges() async throws {
        let isReady = Mutex(false)
        let listener = TelemetryListener(
            configuration: TelemetryConfiguration(),
            sources: TelemetrySources(
                metrics: { [] },
                ready: { isReady.withLock { $0 } ? .ready : .notReady(reason: "not yet") }
            )
        )
        let port = try await listener.start()
        let question = "GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

        #expect(try Wire(port: port).ask(question).hasPrefix("HTTP/1.1 503 "))
        isReady.withLock { $0 = true }
        #expect(try Wire(port: port).ask(question).hasPrefix("HTTP/1.1 200 "))
        await listener.shutdown()
    }

    @Test("a taken port is an error that names it")
    func takenPort() async throws {
        try await withListener { port in
            let second = TelemetryListener(configuration: TelemetryConfiguration(port: port), sources: Self.sources)
            let error = await #expect(throws: TelemetryError.self) { try await second.start() }

            #expect(error?.description.contains("127.0.0.1:\(port)") == true)
            #expect(second.port == nil)
        }
    }

    @Test("as a service it ends, with its port, at the graceful shutdown")
    func service() async throws {
        let mark = "mark \(UInt64.random(in: 0 ... .max))"
        let sources = TelemetrySources(metrics: { [] }, ready: { .notReady(reason: mark) })
        let listener = TelemetryListener(configuration: TelemetryConfiguration(), sources: sources)
        let port = try await listener.start()
        let group = ServiceGroup(services: [listener], logger: Logger(label: "test"))
        async let run: Void = group.run()
        let question = "GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        #expect(try Wire(port: port).ask(question).contains(mark))
        await group.triggerGracefulShutdown()
        try await run

        #expect(listener.port == nil)
        // Refused, unless another test has got the port meanwhile.
        let other = try? Wire(port: port)
        #expect(other.map { (try? $0.ask(question))?.contains(mark) == true } != true)
    }

    private static let sources = TelemetrySources(
        metrics: { Array("up 1\n".utf8) }, ready: { .notReady(reason: "no lease yet") }
    )

    private func withListener(_ body: (Int) async throws -> Void) async throws {
        let listener = TelemetryListener(configuration: TelemetryConfiguration(), sources: Self.sources)
        let port = try await listener.start()
        do {
            try await body(port)
        } catch {
            await listener.shutdown()
            throw error
        }
        await listener.shutdown()
    }
}

extension String {
    fileprivate func parts(_ separator: String) -> [String] {
        split(separator: separator, maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    }
}
