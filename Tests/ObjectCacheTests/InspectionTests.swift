import CacheProtocol
import Foundation
import Testing

@testable import ObjectCache

/// What an operator is told of a folder is what a start would find in it.
@Suite(.timeLimit(.minutes(5)))
struct InspectionTests {
    private let journal = TestJournal()
    private let folder = TemporaryFolder(inMemory: true)
    private static let now: Int64 = 1_900_000_000_000

    private func aged(_ number: Int, seconds: Int64) -> ObjectMetadata {
        var metadata = metadata(number)
        metadata.bornAt = Self.now - seconds * 1_000
        return metadata
    }

    /// Twenty objects, then a checkpoint, then one replaced, one removed and one more: two of them a day old.
    private func fill(_ cache: ObjectCache) async {
        for number in 0..<20 {
            cache.store(CacheKey(number), aged(number, seconds: number < 2 ? 80_000 : 30), body: body(number, size: 3_000))
        }
        await cache.flush()
        await cache.checkpoint()
        cache.remove(CacheKey(7))
        cache.store(CacheKey(8), aged(8, seconds: 30), body: body(8, size: 5_000))
        cache.store(CacheKey(20), aged(20, seconds: 30), body: body(20, size: 3_000))
        await cache.flush()
    }

    @Test func aFolderInUseAndAtRest() async throws {
        let cache = try smallCache(folder, journal) { $0.segmentBytes = 64 << 10 }
        await fill(cache)
        let running = try CacheInspection(of: folder.path, depth: .bodies, now: Self.now)
        #expect(running.holder == getpid())
        // What was removed since the checkpoint stands in it until the next.
        #expect(running.liveRecords == 21)
        #expect(running.records == 22)
        #expect(running.damagedRecords == 0 && running.foreignSegments.isEmpty)
        await cache.shutdown()
        let rest = try CacheInspection(of: folder.path, depth: .heads, now: Self.now)
        #expect(rest.holder == nil)
        #expect(rest.checkpoint == .whole(objects: 20, bytes: IndexCheckpoint.size(entries: 20, segments: rest.segments.count)))
        #expect(rest.liveRecords == 20 && rest.records == 22)
        #expect(rest.liveBytes == cache.statistics.liveBytes)
        #expect(rest.deadBytes == cache.statistics.deadBytes)
        #expect(rest.ages.map(\.records) == [18, 0, 2, 0, 0, 0])
        #expect(rest.segments.allSatisfy { $0.unindexedBytes == 0 })
        let quick = try CacheInspection(of: folder.path, depth: .index, now: Self.now)
        #expect(quick.liveRecords == 20 && quick.liveBytes == rest.liveBytes && quick.deadBytes == rest.deadBytes)
        // It has changed nothing.
        let next = try smallCache(folder, journal) { $0.segmentBytes = 64 << 10 }
        #expect(next.statistics.objects == 20 && next.statistics.corruptions == 0)
        await next.shutdown()
    }

    @Test func damageIsFoundWhereItIs() async throws {
        let cache = try smallCache(folder, journal) { $0.segmentBytes = 128 << 10 }
        await fill(cache)
        await cache.shutdown()
        let path = try #require(folder.files("segment-").first)
        var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        let heads = bytes.indices.filter { $0 % 8 == 0 && bytes[$0...].starts(with: Array("VREC".utf8)) }
        bytes[heads[3] + 20] ^= 1
        bytes[heads[5] + 2_000] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let heads1 = try CacheInspection(of: folder.path, depth: .heads, now: Self.now)
        #expect(heads1.damagedRecords == 1 && heads1.damagedBytes > 2_900)
        let all = try CacheInspection(of: folder.path, depth: .bodies, now: Self.now)
        #expect(all.damagedRecords == 2)
        // Without its checkpoint and its state.
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder.path + "/index"))
        #expect(try CacheInspection(of: folder.path, depth: .heads, now: Self.now).checkpoint == .unusable)
        try FileManager.default.removeItem(atPath: folder.path + "/state")
        let lost = try CacheInspection(of: folder.path, depth: .heads, now: Self.now)
        #expect(lost.epoch == nil && lost.segments.isEmpty && lost.foreignSegments == [path])
    }

    @Test func whatIsNoCacheIsSaidToBeNone() {
        #expect(throws: ObjectCacheError.noCache("")) { try CacheInspection(of: "/", depth: .heads, now: Self.now) }
        #expect(throws: ObjectCacheError.self) { try CacheInspection(of: folder.path + "/none", depth: .heads, now: Self.now) }
    }
}
