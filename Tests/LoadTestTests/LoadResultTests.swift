import Foundation
import Testing

@testable import LoadGenerator

@Suite struct LoadResultTests {
    private func sample() async throws -> LoadResult {
        let server = try await TestServer()
        var scenario = scenario(.open(rate: 1_000, maxConnections: 8), paths: ["/image", "/miss", "/status/404", "/short"])
        scenario.requests = 100
        scenario.seed = 42
        let result = try await result(of: scenario, on: server)
        try await server.close()
        return result
    }

    @Test("The JSON has what a report needs, and reads back as the same result")
    func json() async throws {
        let result = try await sample()
        let object = try #require(JSONSerialization.jsonObject(with: result.json()) as? [String: Any])
        #expect(object["seed"] as? Int == 42)
        #expect((object["date"] as? String)?.hasSuffix("Z") == true)
        let machine = try #require(object["machine"] as? [String: Any])
        #expect((machine["cores"] as? Int ?? 0) > 0)
        #expect((machine["kernel"] as? String)?.hasPrefix("Linux ") == true)
        #expect(machine["model"] is String)
        let latency = try #require(object["latency"] as? [String: Any])
        #expect(Set(latency.keys) == ["count", "min", "mean", "p50", "p90", "p99", "p99.9", "max"])
        #expect(object["status"] as? [String: Int] == ["200": 50, "404": 25])
        #expect(object["cacheStatus"] as? [String: Int] == ["hit": 25, "miss": 25, "none": 25])
        #expect(object["errors"] as? [String: Int] == ["body cut short": 25])
        #expect(((object["scenario"] as? [String: Any])?["load"] as? [String: Any])?["model"] as? String == "open")
        let again = try LoadResult(json: result.json())
        #expect(again.latency == result.latency)
        #expect(again.scenario == result.scenario)
        #expect(try again.json() == result.json())
    }

    @Test("The table says the same to people")
    func table() async throws {
        let table = try await sample().table
        for part in ["open loop, 1,000/s", "100 sent, 75 answered", "200: 50, 404: 25", "hit: 25", "body cut short: 25", "p99.9", "schedule lag"] {
            #expect(table.contains(part), "\(part) is missing in:\n\(table)")
        }
    }

    @Test("A progress line names what goes on")
    func progressLine() {
        let progress = LoadProgress(
            phase: .measuring, elapsedSeconds: 3, plannedSeconds: 20, answersPerSecond: 1_999.6, answered: 12_345, plannedRequests: nil,
            inFlight: 7, p50: 0.2134, p99: 12.34, hitShare: 0.998, errors: 2
        )
        #expect(progress.line == "measuring | 3.0 s of 20 s | 2,000/s | 12,345 answered | 7 in flight | p50 0.213 ms, p99 12.34 ms | 99.8 % hits | 2 errors")
    }

    @Test("A generator that was late says so")
    func lateGenerator() async throws {
        var late = try await sample()
        late.scheduleLag = LatencySummary(count: 100, min: 0, mean: 5, p50: 0.1, p90: 4, p99: 40, p99_9: 41, max: 42)
        late.generator.busiestLoop = 0.99
        let mix = try TrafficMix(late.scenario.traffic, account: "", seed: 1)
        let plan = try PhasePlan(
            scenario: late.scenario, mix: mix, endpoints: [], load: late.scenario.load, loopCount: 1, requestLimit: nil,
            warmupSeconds: 0, durationSeconds: 1, checksImages: false, givesUpWhenRefused: false, delay: 0
        )
        let warnings = Warnings.about(late, plan)
        #expect(warnings.contains { $0.contains("the generator was late") && $0.contains("40.00 ms") })
        #expect(warnings.contains { $0.contains("the generator was the bottleneck") && $0.contains("99.0 %") })
        late.scheduleLag?.p99 = 0.5
        late.generator.busiestLoop = 0.5
        #expect(!Warnings.about(late, plan).contains { $0.contains("the generator") })
    }
}
