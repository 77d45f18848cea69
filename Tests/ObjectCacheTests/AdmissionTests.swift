import CacheProtocol
import Synchronization
import Testing

@testable import ObjectCache

@Suite struct AdmissionTests {
    private let folder = TemporaryFolder()
    private let journal = TestJournal()

    private func cache(report: @escaping @Sendable (CacheIncident) -> Void = { _ in }) throws -> ObjectCache {
        try smallCache(folder, journal, change: { $0.admission = .secondRequest }, report: report)
    }

    @Test func whatIsAskedForOnceIsServedAndNotStored() async throws {
        let incidents = Mutex<[String]>([])
        let cache = try cache { incident in incidents.withLock { $0.append("\(incident)") } }
        for (request, isStored) in [(1, false), (2, true)] {
            let answer = try await cache.object(for: CacheKey(1), newestMatch: .zero) {
                Filled(metadata: metadata(1), body: body(1, size: 2_000))
            }
            #expect(answer.role == .led)
            #expect(try answer.object.hasRightBytes(1))
            #expect((cache.lookup(CacheKey(1)).object != nil) == isStored, "request \(request)")
        }
        #expect(cache.store(CacheKey(2), metadata(2), body: body(2, size: 10)) == .notStored(.firstRequest))
        #expect(cache.store(CacheKey(2), metadata(2), body: body(2, size: 10)) == .stored)
        await cache.flush()
        let counts = cache.statistics
        #expect([counts.storesNotAdmitted, counts.stores, counts.recordsWritten] == [2, 2, 2])
        #expect(incidents.withLock { $0 } == [])
        await cache.shutdown()
    }

    @Test func aNewerCopyOfWhatIsThereIsAlwaysStored() async throws {
        // Stored before the setting was changed.
        let before = try smallCache(folder, journal)
        before.store(CacheKey(1), metadata(1), body: body(1, size: 100))
        await before.shutdown()
        let cache = try cache()
        #expect(cache.store(CacheKey(1), metadata(1, version: 2), body: body(1, version: 2, size: 100)) == .stored)
        #expect(cache.lookup(CacheKey(1)).object?.metadata.entityTag == "\"1-2\"")
        await cache.shutdown()
    }

    @Test func remembersAsManyKeysAsItIsToldInFixedMemory() throws {
        let keys = 5_000
        var recent = RecentKeys(remembering: keys)
        let bytes = recent.allocatedBytes
        #expect(bytes <= keys * 11)
        for number in 0..<4 * keys {
            let isKnown = recent.note(CacheKey(number))
            #expect(!isKnown)
            // The one that was noted `keys` ago is the oldest that must be known. Asking notes, so a copy is asked.
            if number >= keys - 1, number % 7 == 0 {
                var probe = recent
                let isOldestKnown = probe.note(CacheKey(number - keys + 1))
                #expect(isOldestKnown)
            }
        }
        #expect(recent.allocatedBytes == bytes)
        let forgotten = (0..<2 * keys).filter { number in
            var probe = recent
            return !probe.note(CacheKey(number))
        }
        #expect(forgotten.count == 2 * keys, "no more than twice as many are remembered")
    }

    @Test func whatIsAskedForNowAndThenIsNotForgotten() {
        let keys = 1_000
        var recent = RecentKeys(remembering: keys)
        _ = recent.note(CacheKey(0))
        for round in 1...10 {
            for number in 0..<keys - 1 { _ = recent.note(CacheKey(round * keys + number)) }
            let isKnown = recent.note(CacheKey(0))
            #expect(isKnown, "after \(round) rounds")
        }
    }

    @Test func whatIsRememberedCountsAsMemoryOfTheIndex() async throws {
        let always = try smallCache(folder, journal)
        let bytes = always.statistics.indexBytes
        await always.shutdown()
        let second = try smallCache(folder, journal) {
            $0.admission = .secondRequest
            $0.recentKeys = 30_000
        }
        #expect(second.statistics.indexBytes >= bytes + 30_000 * 10)
        await second.shutdown()
    }
}
