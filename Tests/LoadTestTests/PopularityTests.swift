import Foundation
import Testing

@testable import LoadGenerator

@Suite struct PopularityTests {
    @Test("Each rank comes as often as Zipf's law says", arguments: [0.0, 0.5, 0.9, 1.2, 3.0])
    func frequencies(exponent: Double) {
        let seed = testSeed()
        let count = 1_000
        let number = 400_000
        let sampler = ZipfSampler(count: count, exponent: exponent)
        let draws = SeededDraws(seed: seed)
        var seen = [Int](repeating: 0, count: count)
        for position in 0..<number {
            seen[sampler.rank(for: draws.bits(at: position, stream: 1))] += 1
        }
        let weights = (1...count).map { pow(Double($0), -exponent) }
        let total = weights.reduce(0, +)
        for rank in 0..<count {
            let share = weights[rank] / total
            let expected = share * Double(number)
            // Seven standard deviations of a binomial, and a little for ranks that are hardly expected at all.
            let tolerance = 7 * (expected * (1 - share)).squareRoot() + 7
            #expect(abs(Double(seen[rank]) - expected) <= tolerance, "rank \(rank): \(seen[rank]) instead of \(expected)")
        }
    }

    @Test("A list of one URL is drawn")
    func one() {
        #expect(ZipfSampler(count: 1, exponent: 0.9).rank(for: .max) == 0)
        #expect(ZipfSampler(count: 1, exponent: 0.9).rank(for: 0) == 0)
    }

    @Test("A seed replays; another seed gives another order")
    func replays() throws {
        let seed = testSeed()
        let traffic = [
            Traffic(name: "popular", weight: 3, urls: .paths((0..<500).map { "/popular/\($0)" })),
            Traffic(name: "cold", weight: 1, urls: .paths((0..<500).map { "/cold/\($0)" }), order: .once),
        ]
        func targets(_ seed: UInt64) throws -> [String] {
            let mix = try TrafficMix(traffic, account: "demo", seed: seed)
            return (0..<300).compactMap { mix.pick($0).map { String(decoding: mix.target($0), as: UTF8.self) } }
        }
        let first = try targets(seed)
        #expect(first.count == 300)
        #expect(try targets(seed) == first)
        #expect(try targets(seed + 1) != first)
    }

    @Test("What a request asks for does not depend on who asked before")
    func positions() throws {
        let mix = try TrafficMix([Traffic(name: "all", urls: .paths((0..<50).map { "/\($0)" }))], account: "", seed: testSeed())
        let forward = (0..<100).map { mix.pick($0)?.url }
        let backward = (0..<100).reversed().map { mix.pick($0)?.url }
        #expect(forward == backward.reversed())
    }

    @Test("The popular URL is the seed's choice, not the first of the list")
    func ranksAreShuffled() throws {
        let paths = (0..<50).map { "/\($0)" }
        let favourites = try (1...20 as ClosedRange<UInt64>).map { seed in
            let mix = try TrafficMix([Traffic(name: "all", urls: .paths(paths), order: .zipf(exponent: 3))], account: "", seed: seed)
            let counts = (0..<200).compactMap { mix.pick($0)?.url }.reduce(into: [:]) { $0[$1, default: 0] += 1 }
            return counts.max { $0.value < $1.value }?.key
        }
        #expect(Set(favourites).count > 5)
    }

    @Test("Once means once: each URL, none twice, then the end")
    func once() throws {
        let mix = try TrafficMix([Traffic(name: "cold", urls: .paths((0..<777).map { "/\($0)" }), order: .once)], account: "", seed: testSeed())
        let urls = (0..<777).compactMap { mix.pick($0)?.url }
        #expect(urls.sorted() == Array(0..<777))
        #expect(urls != Array(0..<777))
        #expect(mix.pick(777) == nil)
    }

    @Test("Kinds come by their weights")
    func weights() throws {
        let traffic = [("a", 7.0), ("b", 2.0), ("c", 1.0), ("never", 0.0)].map { name, weight in
            Traffic(name: name, weight: weight, urls: .paths(["/\(name)"]))
        }
        let mix = try TrafficMix(traffic, account: "", seed: testSeed())
        let number = 100_000
        var seen = [0, 0, 0, 0]
        for sequence in 0..<number {
            let pick = try #require(mix.pick(sequence))
            seen[pick.group] += 1
        }
        for (kind, share) in [0.7, 0.2, 0.1, 0].enumerated() {
            let tolerance = 7 * (Double(number) * share * (1 - share)).squareRoot()
            #expect(abs(Double(seen[kind]) - share * Double(number)) <= tolerance)
        }
    }
}
