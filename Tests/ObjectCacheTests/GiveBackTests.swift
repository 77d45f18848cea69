import CacheProtocol
import Foundation
import Synchronization
import Testing

@testable import ObjectCache

/// The blocks of dead records come back without moving what is live around them, and never from under an answer.
@Suite(.timeLimit(.minutes(2)))
struct GiveBackTests {
    private let folder = TemporaryFolder()
    private let journal = TestJournal()

    private func open(diskBytes: Int = 16 << 20) throws -> ObjectCache {
        try smallCache(folder, journal, diskBytes: diskBytes) {
            $0.segmentBytes = 512 << 10
            $0.memoryBytes = 0
        }
    }

    @Test func aFloodOfMixedSizesIsHardlyWrittenTwice() async throws {
        var generator = SeededGenerator.printed("mixed sizes")
        let cache = try open()
        var sizes: [Int: Int] = [:]
        for _ in 0..<6_000 {
            // The popular ones are asked for again and again, so that what is old dies one by one, not segment by segment.
            let number = min(Int.random(in: 0..<2_000, using: &generator), Int.random(in: 0..<2_000, using: &generator))
            if case .hit(let object) = cache.lookup(CacheKey(number)) {
                #expect(object.body.count == sizes[number])
                continue
            }
            let size = sizes[number] ?? Int(exp(Double.random(in: 6..<12, using: &generator)))
            sizes[number] = size
            cache.store(CacheKey(number), metadata(number), body: body(number, size: size))
            await cache.flush()
            #expect(folder.allocatedBytes <= 16 << 20)
        }
        let statistics = cache.statistics
        #expect(statistics.evictions > 500 && statistics.corruptions == 0, "\(statistics)")
        #expect(statistics.bytesGivenBack > statistics.bytesWritten / 4)
        #expect(Double(statistics.bytesMoved) < 0.3 * Double(statistics.bytesWritten), "\(statistics)")
        #expect(statistics.diskBytes >= folder.allocatedBytes)
        for (number, _) in sizes {
            guard let object = cache.lookup(CacheKey(number)).object else { continue }
            #expect(try object.hasRightBytes(number))
        }
        await cache.shutdown()
    }

    /// What the lookup was about to read is gone, but not the object.
    @Test func aNewerCopyThatOvertakesALookupIsFound() async throws {
        let overtaking = Overtaking()
        let cache = try ObjectCache(
            configuration: ObjectCacheConfiguration(folder: folder.path, diskBytes: 4 << 20, memoryBytes: 0),
            rules: journal.rules, expecting: [], changes: FileChanges(beforeRead: { overtaking.take()?() }), report: { _ in })
        for number in 1...2 { cache.store(CacheKey(number), metadata(number), body: body(number, size: 20 << 10)) }
        await cache.flush()
        overtaking.set {
            cache.store(CacheKey(1), metadata(1, version: 2), body: body(1, version: 2, size: 20 << 10))
            let isWritten = DispatchSemaphore(value: 0)
            Task {
                await cache.flush()
                isWritten.signal()
            }
            isWritten.wait()
        }
        let found = await withCheckedContinuation { continuation in
            OwnThread.start { continuation.resume(returning: cache.lookup(CacheKey(1))) }
        }
        #expect(cache.statistics.bytesGivenBack > 0, "the old one was there no more")
        #expect(found.object?.metadata.entityTag == "\"1-2\"", "\(found)")
        await cache.shutdown()
    }

    /// What fills the cache from end to end, so that everything from before is evicted.
    private func flood(_ cache: ObjectCache, from first: Int) async {
        for number in first..<first + 80 {
            cache.store(CacheKey(number), metadata(number), body: body(number, size: 300 << 10))
            await cache.flush()
        }
    }

    /// A socket may send from the file's pages when everything here has let go of the object.
    @Test func whatWasHandedOutAsAFileKeepsItsBytesAndTheRestIsGivenBack() async throws {
        let cache = try open()
        for number in 0..<20 { cache.store(CacheKey(number), metadata(number), body: body(number, size: 100 << 10)) }
        await cache.flush()
        var regions: [Int: (descriptor: CInt, offset: Int)] = [:]
        var answers: [(number: Int, object: CachedObject)] = []
        for number in stride(from: 0, to: 20, by: 2) {
            let object = try #require(cache.lookup(CacheKey(number)).object)
            guard case .file(let region) = object.body else { return #expect(Bool(false), "not a file") }
            regions[number] = (region.descriptor, region.offset)
            answers.append((number, object))
        }
        let before = cache.statistics
        // Two of three stay, and keep the segments from going as a whole.
        for number in stride(from: 0, to: 20, by: 3) {
            try journal.append(.hardPurge, .url([Digest128(high: 0, low: UInt64(number))]))
        }
        await cache.sweep()
        await cache.flush()
        for (number, object) in answers { #expect(try object.hasRightBytes(number)) }
        answers = []
        await cache.flush()
        // 3, 9 and 15 were never looked up.
        let after = cache.statistics
        #expect((3 * 96 << 10...3 * 104 << 10).contains(after.bytesGivenBack))
        // A checkpoint may have come in between.
        #expect(after.diskBytes <= before.diskBytes - 3 * (96 << 10) + (8 << 10))
        #expect(after.bytesMoved == 0)
        for number in [0, 6, 12, 18] {
            let place = try #require(regions[number])
            var bytes = [UInt8](repeating: 0, count: 100 << 10)
            try #require(pread(place.descriptor, &bytes, bytes.count, off_t(place.offset)) == bytes.count)
            #expect(bytes == body(number, size: 100 << 10).array, "a socket would send this")
        }
        for number in 0..<20 {
            #expect((cache.lookup(CacheKey(number)).object != nil) == (number % 3 != 0))
        }
        await cache.shutdown()
    }

    @Test func whatWasGivenBackAfterTheCheckpointIsAMissAndNoDamage() async throws {
        let cache = try open()
        for number in 0..<30 { cache.store(CacheKey(number), metadata(number), body: body(number, size: 100 << 10)) }
        await cache.flush()
        await cache.checkpoint()
        for number in 0..<30 where number % 2 == 0 { cache.remove(CacheKey(number)) }
        await cache.flush()
        #expect(cache.statistics.bytesGivenBack > 0)
        let (copy, other) = (try folder.crashed(), try folder.crashed())
        await cache.shutdown()
        let again = try smallCache(copy, journal, diskBytes: 16 << 20) { $0.segmentBytes = 512 << 10 }
        for number in 0..<30 {
            let lookup = again.lookup(CacheKey(number))
            #expect((lookup.reason == .absent) == (number % 2 == 0))
            if let object = lookup.object { #expect(try object.hasRightBytes(number)) }
        }
        #expect(again.statistics.corruptions == 0)
        #expect(again.statistics.objects == 15)
        await again.shutdown()
        // A sweep and compaction meet such places too.
        let third = try smallCache(other, journal, diskBytes: 16 << 20) { $0.segmentBytes = 512 << 10 }
        try journal.append(.hardPurge, .tag("none"))
        await third.sweep()
        await flood(third, from: 1_000)
        #expect(third.statistics.corruptions == 0)
        #expect(other.allocatedBytes <= 16 << 20)
        await third.shutdown()
    }

    @Test func nothingGoesWhileAnEraseIsDue() async throws {
        let cache = try open()
        for number in 0..<20 { cache.store(CacheKey(number), metadata(number), body: body(number, size: 100 << 10)) }
        await cache.flush()
        let erase = Erasure(revision: journal.rules.applied.next, sources: [source(3)])
        cache.expect([erase])
        for number in [3, 13, 4] { cache.remove(CacheKey(number)) }
        await cache.flush()
        #expect(cache.statistics.bytesGivenBack == 0)
        try journal.append(.erase, .source([source(3)]))
        let done = try await cache.reclaim([erase])
        #expect(done[0].objects == 2)
        await cache.flush()
        #expect(cache.statistics.bytesGivenBack >= 96 << 10)
        await cache.shutdown()
    }
}

/// What happens between a lookup's decision to read and its reading; once.
private final class Overtaking: Sendable {
    private let action = Mutex<(@Sendable () -> Void)?>(nil)

    func set(_ new: @escaping @Sendable () -> Void) { action.withLock { $0 = new } }

    func take() -> (@Sendable () -> Void)? {
        action.withLock { action in
            defer { action = nil }
            return action
        }
    }
}
