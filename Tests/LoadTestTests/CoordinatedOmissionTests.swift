import Testing

@testable import LoadGenerator

@Suite(.serialized) struct CoordinatedOmissionTests {
    /// The server answers nothing for 500 ms from request 20 on. The schedule has a request due every 10 ms, so the 26
    /// requests due in the stall's first 250 ms are all answered at least 250 ms late: 13 % of the 200. That holds on a
    /// machine of any speed, since slowness only adds to latencies.
    @Test("A stall shows in the latency of every request that was due in it", arguments: [1, 64])
    func stall(maxConnections: Int) async throws {
        let server = try await TestServer(stall: (at: 20, milliseconds: 500))
        var scenario = scenario(.open(rate: 100, maxConnections: maxConnections), paths: ["/image"])
        scenario.requests = 200
        let result = try await result(of: scenario, on: server)
        let latency = try #require(result.latency)
        #expect(latency.count == 200)
        #expect(latency.p90 >= 249)
        #expect(latency.max >= 499)
        let slowest = try #require(result.distribution.last { $0.milliseconds < 249 })
        #expect(slowest.percentile <= 87)
        try await server.close()
    }

    @Test("Service times are kept apart: with one connection only the request that was sent saw the stall")
    func serviceTime() async throws {
        let server = try await TestServer(stall: (at: 20, milliseconds: 500))
        var scenario = scenario(.open(rate: 100, maxConnections: 1), paths: ["/image"])
        scenario.requests = 200
        let result = try await result(of: scenario, on: server)
        let latency = try #require(result.latency)
        let serviceTime = try #require(result.serviceTime)
        #expect(serviceTime.count == 200)
        #expect(serviceTime.p90 < latency.p90)
        #expect(result.connections.waited >= 25)
        try await server.close()
    }

    @Test("A fixed delay is measured, in both models", arguments: [Load.open(rate: 200, maxConnections: 64), .closed(connections: 5)])
    func delay(load: Load) async throws {
        let server = try await TestServer()
        var scenario = scenario(load, paths: ["/delay/60"])
        scenario.requests = 50
        let latency = try #require(try await result(of: scenario, on: server).latency)
        #expect(latency.count == 50)
        #expect(latency.min >= 59.9)
        try await server.close()
    }
}
