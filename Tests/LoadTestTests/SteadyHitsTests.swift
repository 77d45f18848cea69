import Testing

@testable import LoadGenerator

@Suite("Hits at a fixed rate") struct SteadyHitsTests {
    /// What a run against a server of the test's own gives.
    private static func result(paths: [String], rate: Double = 500, connections: Int = 8) async throws -> (LoadResult, Int) {
        let server = try await TestServer()
        let endpoint = try Endpoint("http://127.0.0.1:\(server.port)/demo")
        let hits = SteadyHits(rate: rate, connections: connections)
        let traffic = Traffic(name: "all", urls: .paths(paths), order: .listed)
        // Two of their own: one alone would share its place in the list with itself.
        let loads = try (0..<2).map { _ in try hits.load(traffic, of: endpoint, account: "demo", seconds: 0.2) }
        let result = try await OwnThread.run { try LoadsTogether.run(loads, stop: RunStop())[0] }
        try await server.close()
        return (result, server.requests.values.reduce(0, +))
    }

    @Test func allConnectionsAreOpenedAndLoadsRunTogether() async throws {
        // More than there are requests: nobody would open them for want of one.
        let (result, requests) = try await Self.result(paths: ["/image"], rate: 50, connections: 12)
        #expect(result.connections.opened == 12)
        #expect(result.requests.answered == 10)
        #expect(requests == 20)
        #expect(SteadyFigures(result).failures.filter { !$0.hasPrefix("generator-bound") }.isEmpty)
        #expect(SteadyFigures(result).hits == 10)
    }

    @Test func anAnswerThatIsNoHitIsAFailure() async throws {
        let (result, _) = try await Self.result(paths: ["/image", "/miss", "/status/503", "/short"])
        let failures = SteadyFigures(result).failures
        #expect(failures.contains { $0.hasPrefix("requests failed: body cut short: ") })
        #expect(failures.contains { $0.hasPrefix("answers were no 200: 503: ") })
        #expect(failures.contains { $0.hasPrefix("answers were no hits: ") && $0.contains("miss: ") }, "\(failures)")
    }

    @Test func aRunThatIsStoppedIsNoResult() async throws {
        let server = try await TestServer()
        let endpoint = try Endpoint("http://127.0.0.1:\(server.port)/demo")
        let traffic = Traffic(name: "all", urls: .paths(["/image"]), order: .listed)
        let load = try SteadyHits(rate: 100, connections: 1)
            .load(traffic, of: endpoint, account: "demo", seconds: 60)
        let stop = RunStop()
        stop.stop()
        await #expect(throws: LoadTestError.self) {
            try await OwnThread.run { _ = try LoadsTogether.run([load], stop: stop) }
        }
        try await server.close()
    }

    @Test func aLoadThatDoesNotEndIsGivenUp() async throws {
        let server = try await TestServer()
        let endpoint = try Endpoint("http://127.0.0.1:\(server.port)/demo")
        let traffic = Traffic(name: "all", urls: .paths(["/image"]), order: .listed)
        let load = try SteadyHits(rate: 100, connections: 1)
            .load(traffic, of: endpoint, account: "demo", seconds: 600)
        let error = await #expect(throws: LoadTestError.self) {
            try await OwnThread.run { _ = try LoadsTogether.run([load], stop: RunStop(), seconds: 0.2) }
        }
        #expect(error?.code == .tool)
        #expect(error?.message.contains("the load did not end within") == true)
        try await server.close()
    }

    // MARK: Figures

    static func figures(p99: Double = 1, lag: Double = 0.1, failures: [String] = [], hits: Int = 100) -> SteadyFigures {
        SteadyFigures(
            hits: hits, p50: p99, p90: p99, p99: p99, max: p99, lag: lag, generatorBusy: 0.1, failures: failures)
    }

    @Test func aRatioNeedsTwoFiguresThatAreToBeBelieved() {
        func ratio(_ loaded: SteadyFigures, _ quiet: SteadyFigures) -> HitComparison.Ratio {
            SteadyFigures.ratio(\.p99, loaded, toQuiet: quiet, goal: 2)
        }
        #expect(ratio(Self.figures(p99: 1.5), Self.figures(p99: 1)).value == 1.5)
        #expect(ratio(Self.figures(p99: 1.5), Self.figures(p99: 1)).isMet == true)
        #expect(ratio(Self.figures(p99: 3), Self.figures(p99: 1)).isMet == false)
        let late = ratio(Self.figures(lag: 1.5), Self.figures())
        #expect(late.value == nil && late.refusal == "the generator was late itself (p99 1.500 ms)")
        #expect(ratio(Self.figures(), Self.figures(failures: ["requests failed"])).refusal == "requests failed")
    }

    @Test func aRoundOfCostsCountsWhereTheEdgeCountedTheSameHits() {
        let round = CostRound(Self.figures(), cpuNanoseconds: 1_000_000, answers: ["hit": 100])
        #expect(round.cpuMicroseconds == 10 && round.failures.isEmpty)
        let other = CostRound(Self.figures(), cpuNanoseconds: 1_000_000, answers: ["hit": 99, "miss": 1])
        #expect(other.failures == ["the edge counted hit: 99, miss: 1, the generator 100 hits"])
        #expect(CostRound.ratio([round], to: [round], goal: 1.05).isMet == true)
        #expect(CostRound.ratio([other], to: [round], goal: 1.05).refusal == other.failures[0])
        #expect(CostRound.ratio([round], to: [], goal: nil).value == nil)
    }
}
