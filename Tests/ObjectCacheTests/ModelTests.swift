import CacheProtocol
import Foundation
import Testing

@testable import ObjectCache

/// Random operations against a plain dictionary with a recency list. `VIGNETTE_SEED` replays a run;
/// `VIGNETTE_MODEL_OPERATIONS` says how many there are in all.
@Suite struct ModelTests {
    private static let runs: ClosedRange<UInt64> = 1...3

    @Test(arguments: runs)
    func behavesLikeADictionaryWithARecencyList(_ run: UInt64) async throws {
        var generator = SeededGenerator.printed("model run \(run)")
        for _ in 0..<run { _ = generator.next() }
        let all = ProcessInfo.processInfo.environment["VIGNETTE_MODEL_OPERATIONS"].flatMap(Int.init) ?? 24_000
        var model = try CacheModel(generator)
        for _ in 0..<(all + Self.runs.count - 1) / Self.runs.count {
            try await model.step()
            if model.isBroken { return }
        }
        await model.cache.shutdown()
        let counts = [model.hits, model.refusals, model.evictions, model.crashes, model.reopenings, model.reclaimed]
        #expect(counts.allSatisfy { $0 > 0 }, "hits, refusals, evictions, crashes, reopenings, reclaimed: \(counts)")
        #expect(model.cache.statistics.corruptions == 0)
    }
}
