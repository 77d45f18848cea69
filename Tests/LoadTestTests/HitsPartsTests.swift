import Foundation
import FoundationXML
import Testing

@testable import LoadGenerator

@Suite("Scale, overload and slow clients") struct HitsPartsTests {
    @Test func plansThatCannotRunAreRefused() {
        for change: (inout HitsPlan) -> Void in [
            { $0.scale.objects = [] }, { $0.scale.objects = [10, 10] }, { $0.scale.objects = [100, 10] },
            { $0.scale.idleConnections = 15_001 }, { $0.scale.hits.rate = 0 }, { $0.scale.rounds = 0 },
            { $0.overload.shares = [0] }, { $0.overload.shares = [0.5, 1] }, { $0.overload.shares = [0, 1, 0.5] },
            { $0.overload.seconds = 0 }, { $0.overload.healthRate = 0 },
            { $0.slow.connections = 0 }, { $0.slow.seconds = 1 }, { $0.slow.hits.connections = 0 },
        ] {
            var plan = HitsPlan()
            change(&plan)
            #expect(throws: LoadTestError.self) { try plan.check() }
        }
    }

    // MARK: slowhttptest

    @Test func aRecordOfSlowhttptestIsRead() throws {
        let record = try SlowRecord(
            csv: """
                Seconds,Closed,Pending,Connected,Service Available
                0,0,1,0,2000
                1,0,1,276,2000
                4,275,1,1995,0
                7,970,1,629,2000

                """)
        #expect(record.mostConnected == 1_995)
        #expect(record.closed == 970)
        #expect((record.available, record.unavailable) == (3, 1))
    }

    @Test(
        "A record that lacks anything is an error",
        arguments: [
            "", "Seconds,Closed,Pending,Connected,Service Available\n", "Seconds,Closed,Pending\n0,0,0\n",
            "Seconds,Closed,Pending,Connected,Service Available\n0,0,1\n",
            "Seconds,Closed,Pending,Connected,Service Available\n0,0,1,many,2000\n",
        ])
    func brokenRecord(csv: String) {
        let error = #expect(throws: LoadTestError.self) { try SlowRecord(csv: csv) }
        #expect(error?.code == .tool)
    }

    @Test func anAttackThatDidNotComeAboutHasNoRatio() throws {
        func report(connected: Int) throws -> SlowReport {
            let record = try SlowRecord(csv: "Closed,Connected,Service Available\n0,\(connected),1\n")
            return SlowReport(
                .read, SlowPlan(), quiet: SteadyHitsTests.figures(p99: 1), attacked: SteadyHitsTests.figures(p99: 1.2),
                waves: [record], edgeBusy: .init(quiet: 0.1, attacked: 0.2), memory: .init(before: 1, most: 2, after: 1))
        }
        #expect(try report(connected: 1_900).p99.value == 1.2)
        #expect(try report(connected: 1_700).p99.refusal == "1,700 of 2,000 attackers were connected")
        let text = SlowReport.table([try report(connected: 1_900)]) + SlowReport.ratioLines([try report(connected: 1_900)])
        #expect(text.contains("slow read"))
        #expect(text.contains("ratio slow read p99: 1.200 (goal ≤ 2.00: met)"))
    }

    // MARK: Overload

    private static func load(_ status: [String: Int], retryAfter: Int = 0, hits: Int = 0) async throws -> LoadResult {
        let server = try await TestServer()
        var result = try await result(of: oneRequest, on: server)
        try await server.close()
        (result.status, result.retryAfter, result.cacheStatus) = (status, retryAfter, hits > 0 ? ["hit": hits] : [:])
        result.scheduleLag?.p99 = 0.1
        result.generator.busiestLoop = 0.1
        return result
    }

    private static var oneRequest: Scenario {
        var one = scenario(.open(rate: 100, maxConnections: 1), paths: ["/image"])
        one.requests = 1
        return one
    }

    @Test func refusalsMustSayWhenToComeBack() async throws {
        let hits = try await Self.load(["200": 10], hits: 10)
        let health = try await Self.load(["200": 5])
        var report = OverloadReport(missesPerSecond: 40)
        report.add(share: 0, hits: hits, misses: nil, health: health)
        report.add(share: 1.5, hits: hits, misses: try await Self.load(["200": 60, "503": 30], retryAfter: 30), health: health)
        #expect(report.failures.isEmpty)
        #expect(report.levels[1].misses?.refused == 30)
        #expect(report.levels[1].hitsRatio.value == 1)
        #expect(report.ratioLines == "ratio overload p99 150 %: 1.000 (goal ≤ 2.00: met)\n")

        report.add(share: 2, hits: hits, misses: try await Self.load(["200": 60, "503": 30], retryAfter: 29), health: health)
        let unwell = try await Self.load(["503": 5])
        report.add(share: 3, hits: hits, misses: try await Self.load(["200": 60, "500": 1], hits: 2), health: unwell)
        #expect(
            report.failures == [
                "overload at 200.0 %, 30 misses were refused, and 29 told when to come back",
                "overload at 300.0 %, misses were answered by 500: 1", "overload at 300.0 %, 2 of the misses were hits",
                "overload at 300.0 %, health checks were answered by 503: 5",
            ])
    }

    @Test func variantsAreColdOnce() throws {
        var cold = ColdVariants()
        var seen: Set<String> = []
        for _ in 0..<3 {
            let table = try URLTable(cold.next().urls, account: "demo", name: "cold")
            for index in 0..<table.count { seen.insert(String(decoding: table[index], as: UTF8.self)) }
        }
        #expect(seen.count == 3 * 24_000)
        #expect(ColdVariants.source(width: 30, height: 20).starts(with: [0x89, 0x50, 0x4E, 0x47]))
    }

    @Test func theChartIsWellFormedAndSaysWhatItShows() throws {
        let points = [(0.0, 0.1), (50, 0.2), (90, 0.3), (99, 1.5), (99.9, 4), (100, 900)]
        let chart = PercentileChart(
            title: "Hits & misses", note: "note",
            curves: ["none", "a < b"].map { PercentileChart.Curve(name: $0, note: "99 % within 1.5 ms", points: points) }
        ).svg
        let parser = XMLParser(data: Data(chart.utf8))
        #expect(parser.parse(), "\(String(describing: parser.parserError))")
        #expect(chart.contains("Hits &amp; misses") && chart.contains("a &lt; b"))
        #expect(chart.contains("99 % within 1.5 ms"))
        // The last few answers are no distribution.
        #expect(!chart.contains(">500 ms</text>"))
    }
}
