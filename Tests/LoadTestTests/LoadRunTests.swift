import Testing

@testable import LoadGenerator

@Suite(.serialized) struct LoadRunTests {
    @Test("Every answer is counted once: statuses, verdicts, details, bytes", arguments: [
        Load.open(rate: 2_000, maxConnections: 16), .closed(connections: 8),
    ])
    func counts(load: Load) async throws {
        let server = try await TestServer()
        var scenario = scenario(load, paths: ["/image", "/miss", "/stale", "/detail", "/status/404", "/status/503", "/chunked", "/close"])
        scenario.requests = 800
        scenario.loops = 2
        let result = try await result(of: scenario, on: server)
        #expect(result.requests == LoadResult.Requests(sent: 800, answered: 800, failed: 0))
        #expect(result.status == ["200": 600, "404": 100, "503": 100])
        #expect(result.cacheStatus == ["hit": 200, "miss": 100, "hit-stale": 100, "bypass": 100, "none": 300])
        #expect(result.cacheDetails == ["NO, lease": 100])
        #expect(result.collapsed == 100)
        #expect(result.errors == [:])
        #expect(result.bytes.body == 6 * 100 * 1_000 + 2 * 100 * 4)
        #expect(result.latency?.count == 800)
        #expect(result.hasErrors)
        #expect((result.scheduleLag != nil) == (load != .closed(connections: 8)))
        #expect(server.requests.values.reduce(0, +) == 800)
        try await server.close()
    }

    @Test("A request without a whole answer is an error of its kind", arguments: [
        ("/short", "body cut short"), ("/reset", "reset"), ("/garbage", "malformed answer"),
    ])
    func faults(path: String, kind: String) async throws {
        let server = try await TestServer()
        for load in [Load.open(rate: 500, maxConnections: 4), .closed(connections: 4)] {
            var scenario = scenario(load, paths: [path, "/image"])
            scenario.requests = 40
            scenario.loops = 1
            let result = try await result(of: scenario, on: server)
            #expect(result.errors == [kind: 20])
            #expect(result.status == ["200": 20])
            #expect(result.latency?.count == 20)
            #expect(result.hasErrors)
        }
        try await server.close()
    }

    @Test("A request that is never answered is given up, and the time it waited is in the latencies")
    func timeouts() async throws {
        let server = try await TestServer()
        var scenario = scenario(.open(rate: 100, maxConnections: 3), paths: ["/silent"])
        scenario.requests = 10
        scenario.timeoutSeconds = 0.2
        let result = try await result(of: scenario, on: server)
        #expect(result.errors == ["timeout": 10])
        #expect(result.requests.answered == 0)
        #expect(result.latency?.count == 10)
        #expect(try #require(result.latency).min >= 199.9)
        try await server.close()
    }

    @Test("A server that is down costs each request an error, and the run still ends")
    func refused() async throws {
        let server = try await TestServer()
        try await server.close()
        var open = scenario(.open(rate: 1_000, maxConnections: 4), paths: ["/image"])
        open.requests = 50
        #expect(try await result(of: open, on: server).errors == ["connection refused": 50])
        var closed = scenario(.closed(connections: 2), paths: ["/image"])
        closed.durationSeconds = 0.3
        #expect(try await result(of: closed, on: server).errors.keys.sorted() == ["connection refused"])
        closed.traffic[0].prime = true
        await #expect(throws: LoadTestError.self) { try await result(of: closed, on: server) }
    }

    @Test("--check-type image finds what is no image")
    func imageCheck() async throws {
        let server = try await TestServer()
        var scenario = scenario(.closed(connections: 2), paths: ["/image", "/chunked", "/text", "/empty", "/status/404"])
        scenario.requests = 50
        #expect(try await result(of: scenario, on: server).errors == [:])
        let checked = try await result(of: scenario, on: server, checksImages: true)
        #expect(checked.errors == ["not an image": 10, "empty image": 10])
        #expect(checked.requests.answered == 50)
        try await server.close()
    }

    @Test("Endpoints are asked in turn", arguments: [1, 2])
    func endpointsInTurn(loops: Int) async throws {
        let servers = [try await TestServer(), try await TestServer()]
        let endpoints = try servers.map { try Endpoint("http://127.0.0.1:\($0.port)") }
        var scenario = scenario(.open(rate: 2_000, maxConnections: 8), paths: ["/image"])
        scenario.requests = 200
        scenario.loops = loops
        _ = try await LoadRun(scenario: scenario, endpoints: endpoints, account: "demo").run { _ in }
        #expect(servers.map { $0.requests["/image"] } == [100, 100])
        for server in servers { try await server.close() }
    }

    @Test("The warm-up is sent and not counted")
    func warmup() async throws {
        let server = try await TestServer()
        var scenario = scenario(.open(rate: 200, maxConnections: 8), paths: ["/image"])
        scenario.warmupSeconds = 0.25
        scenario.requests = 100
        let result = try await result(of: scenario, on: server)
        #expect(server.requests["/image"] == 100)
        #expect(result.requests.sent == 50)
        #expect(result.latency?.count == 50)
        try await server.close()
    }

    @Test("Priming asks every URL of every endpoint once before the run")
    func priming() async throws {
        let servers = [try await TestServer(), try await TestServer()]
        let endpoints = try servers.map { try Endpoint("http://127.0.0.1:\($0.port)") }
        let paths = (0..<100).map { "/image/\($0)" }
        var scenario = scenario(.open(rate: 500, maxConnections: 8), paths: paths, order: .zipf(exponent: 2))
        scenario.requests = 10
        scenario.traffic[0].prime = true
        let result = try await LoadRun(scenario: scenario, endpoints: endpoints, account: "").run { _ in }
        #expect(result.priming?.requests == 200)
        #expect(result.requests.sent == 10)
        for server in servers {
            #expect(server.requests.count == 100)
            #expect(server.requests.values.reduce(0, +) == 105)
            try await server.close()
        }
    }

    @Test("A cold run asks each URL once, ends when there are none left, and says so")
    func cold() async throws {
        let server = try await TestServer()
        var scenario = scenario(.closed(connections: 4), paths: (0..<60).map { "/miss/\($0)" }, order: .once)
        scenario.loops = 2
        let result = try await result(of: scenario, on: server)
        #expect(server.requests.count == 60)
        #expect(server.requests.values.allSatisfy { $0 == 1 })
        #expect(result.cacheStatus == ["miss": 60])
        #expect(result.warnings.contains { $0.contains("every URL") })
        try await server.close()
    }

    @Test("A cold run that meets hits warns that it was not cold")
    func notCold() async throws {
        let server = try await TestServer()
        let scenario = scenario(.closed(connections: 1), paths: ["/image/1", "/image/2"], order: .once)
        #expect(try await result(of: scenario, on: server).warnings.contains { $0.contains("Purge first") })
        try await server.close()
    }

    @Test("A stopped run returns what it measured")
    func stops() async throws {
        let server = try await TestServer()
        var scenario = scenario(.open(rate: 100, maxConnections: 4), paths: ["/image"])
        scenario.durationSeconds = 3_600
        let run = try LoadRun(scenario: scenario, endpoints: [Endpoint("http://127.0.0.1:\(server.port)")], account: "")
        // The first progress line is the signal that the run is under way.
        let result = try await run.run { _ in run.stop() }
        #expect(result.requests.answered > 0)
        #expect(result.requests.answered == result.requests.sent)
        try await server.close()
    }

    @Test("A stopped run does not wait for what was never sent")
    func stopsWithRequestsWaiting() async throws {
        let server = try await TestServer()
        var scenario = scenario(.open(rate: 100, maxConnections: 1), paths: ["/silent"])
        scenario.durationSeconds = 3_600
        scenario.timeoutSeconds = 2
        let run = try LoadRun(scenario: scenario, endpoints: [Endpoint("http://127.0.0.1:\(server.port)")], account: "")
        let result = try await run.run { _ in run.stop() }
        #expect(result.errors == ["timeout": 1])
        #expect(result.connections.dropped > 0)
        #expect(result.warnings.contains { $0.contains("stopped early") })
        try await server.close()
    }

    @Test("Settings that can't be run are refused", arguments: [
        Load.open(rate: 0, maxConnections: 1), .open(rate: .nan, maxConnections: 1), .open(rate: 1, maxConnections: 0), .closed(connections: 0),
    ])
    func impossible(load: Load) throws {
        let endpoint = try Endpoint("http://127.0.0.1:1")
        #expect(throws: LoadTestError.self) {
            try LoadRun(scenario: scenario(load, paths: ["/a"]), endpoints: [endpoint], account: "")
        }
    }

    @Test("A header that would break the request is refused", arguments: ["X-A\r\nX-B", "", "Host", "X: Y"])
    func badHeader(name: String) async throws {
        let server = try await TestServer()
        var scenario = scenario(.closed(connections: 1), paths: ["/image"])
        scenario.headers = [name: "x"]
        await #expect(throws: LoadTestError.self) { try await result(of: scenario, on: server) }
        #expect(server.requests.isEmpty)
        try await server.close()
    }
}
