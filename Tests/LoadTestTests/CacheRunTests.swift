import Foundation
import Testing

@testable import LoadGenerator

@Suite struct CacheRunTests {
    @Test func theCacheHitsWhatTheReferenceHits() async throws {
        var plan = CachePlan.quick
        plan.parts = [.ratio]
        plan.seed = testSeed()
        let report = try await CacheRun(plan, folder: nil) { _ in }.run()
        let ratios = try #require(report.ratio)
        #expect(ratios.map { "\($0.eviction) \($0.admission)" } == [
            "lru always", "sieve always", "lru second-request", "sieve second-request",
        ])
        let lru = try #require(ratios.first)
        #expect(lru.evictions > 0 && lru.hits > 0)
        #expect(lru.referenceHits == lru.hits)
        #expect(lru.deviations == 0)
        #expect(ratios.allSatisfy { $0.storesFailed == 0 && ($0.storesNotAdmitted > 0) == ($0.admission != "always") })
        // No cache of whole blocks is better than one that wastes nothing.
        #expect(lru.hitRatio <= lru.idealHitRatio)
        #expect(report.table.contains("lru") && report.growthChart == nil)
    }

    @Test func aRecencyListGivesUpTheLeastRecentlyUsed() {
        let draws = SeededDraws(seed: testSeed())
        var list = RecencyList(below: 50)
        var plain: [Int] = []
        for step in 0..<5_000 {
            let number = draws.index(below: 50, at: step, stream: 0)
            #expect(list.contains(number) == plain.contains(number))
            if draws.index(below: 3, at: step, stream: 1) == 0 {
                #expect(list.removeOldest() == (plain.isEmpty ? nil : plain.removeFirst()))
            } else {
                list.use(number)
                plain.removeAll { $0 == number }
                plain.append(number)
            }
        }
    }

    @Test func sizesFollowTheirCurve() {
        let web = WebSizes(count: 100_000, seed: 1, limit: .max)
        for (share, size) in [(0.5, 13_000.0), (0.9, 71_600), (0.99, 287_000)] {
            #expect(abs(Double(web.percentile(share)) / size - 1) < 0.05, "\(share): \(web.percentile(share))")
        }
        #expect(WebSizes(count: 100, seed: 1, limit: 5_000).sizes.max() == 5_000)
    }

    @Test func aChartHasAPointForEveryFigure() throws {
        var report = CacheReport(plan: .quick)
        let restart = CacheReport.Restart(firstHit: 3, all: 4, misses: 0)
        report.scale = [1_000, 100_000].map { objects in
            CacheReport.Scale(
                objects: objects, fillsPerSecond: 9_000, indexBytesPerObject: 62, residentBytesPerObject: 70,
                residentBytesPerObjectRestarted: 66, diskHit: 1_800, checkpointMilliseconds: 0, checkpointBytes: 44_000,
                afterKill: restart, afterStop: restart, withoutCheckpoint: restart)
        }
        let chart = try #require(report.growthChart)
        let document = try XMLCounter(chart)
        #expect(document.counts["circle"] == 2 * (3 + 1 + 1 + 3 + 3 + 2))
        #expect(document.counts["polyline"] == 13)
        #expect(!chart.contains("nan") && !chart.contains("inf"))
    }
}

/// Counts elements; throws when a tag is left open.
private struct XMLCounter {
    private(set) var counts: [String: Int] = [:]

    struct Broken: Error {}

    init(_ text: String) throws {
        var open: [Substring] = []
        for tag in text.matches(of: /<(\/?)([a-z]+)[^>]*?(\/?)>/) {
            let name = tag.output.2
            if tag.output.1.isEmpty {
                counts[String(name), default: 0] += 1
                if tag.output.3.isEmpty { open.append(name) }
            } else if open.popLast() != name {
                throw Broken()
            }
        }
        guard open.isEmpty else { throw Broken() }
    }
}
