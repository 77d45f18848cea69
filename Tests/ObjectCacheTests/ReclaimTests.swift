import CacheProtocol
import Foundation
import Synchronization
import Testing

@testable import ObjectCache

/// After an erase has been carried out, its bytes are nowhere in the folder; everything else is where it was.
@Suite(.timeLimit(.minutes(2)))
struct ReclaimTests {
    private let journal = TestJournal()
    private let folder = TemporaryFolder(inMemory: true)
    private static let marker = Array("erase me: 32 bytes, found nowhere".utf8.prefix(32))

    private func open(
        _ folder: TemporaryFolder, memoryBytes: Int = 1 << 20, change: (inout ObjectCacheConfiguration) -> Void = { _ in },
        report: @escaping @Sendable (CacheIncident) -> Void = { _ in }
    ) throws -> ObjectCache {
        let settings = { (configuration: inout ObjectCacheConfiguration) in
            configuration.segmentBytes = 64 << 10
            configuration.fileBodyBytes = 8 << 10
            change(&configuration)
        }
        return try smallCache(folder, journal, memoryBytes: memoryBytes, change: settings, report: report)
    }

    private func marked(_ number: Int, size: Int) -> SharedBytes {
        var bytes = body(number, size: size).array
        bytes.replaceSubrange(size / 2..<size / 2 + 32, with: Self.marker)
        return SharedBytes(bytes)
    }

    /// Objects 0..<30, three of each of ten sources; those of source 3 are marked.
    private func fill(_ cache: ObjectCache) async {
        for number in 0..<30 {
            let size = 500 + number * 700
            let bytes = number % 10 == 3 ? marked(number, size: size) : body(number, size: size)
            #expect(cache.store(CacheKey(number), metadata(number), body: bytes) == .stored)
        }
        await cache.flush()
    }

    private func erase(_ number: Int) throws -> Erasure {
        Erasure(revision: try journal.append(.erase, .source([source(number)])), sources: [source(number)])
    }

    private func othersHit(_ cache: ObjectCache, but lost: [Int] = []) throws {
        for number in 0..<30 where number % 10 != 3 && !lost.contains(number) {
            #expect(try cache.lookup(CacheKey(number)).object?.hasRightBytes(number) == true, "object \(number)")
        }
    }

    @Test func whatIsHeardOfWhileASegmentIsOverwrittenIsOverwrittenToo() async throws {
        let news = News()
        let configuration = ObjectCacheConfiguration(folder: folder.path, diskBytes: 4 << 20, memoryBytes: 0, segmentBytes: 64 << 10)
        let cache = try ObjectCache(
            configuration: configuration, rules: journal.rules, expecting: [], changes: FileChanges { news.hear($0) }, report: { _ in })
        for number in [3, 5] { cache.store(CacheKey(number), metadata(number), body: body(number, size: 2_000)) }
        // Lies in a segment of its own, so that theirs is sealed.
        cache.store(CacheKey(9), metadata(9), body: body(9, size: 100 << 10))
        await cache.flush()
        let erases = [3, 5].map { Erasure(revision: Revision(rawValue: UInt64($0)), sources: [source($0)]) }
        cache.expect([erases[0]])
        news.tell { cache.expect([erases[1]]) }
        for number in [3, 5] { cache.remove(CacheKey(number)) }
        await cache.flush()
        let extents = [3, 5].map { RecordFormat.aligned(RecordHead.size + metadata($0).wireBytes.count + 2_000) }
        #expect(cache.statistics.bytesDestroyed == extents[0] + extents[1])
        await cache.shutdown()
    }

    @Test func liveRecordsAreOverwrittenAndOthersUntouched() async throws {
        let cache = try open(folder)
        await fill(cache)
        #expect(try folder.contains(Self.marker))
        let expected = [3, 13, 23].reduce(0) { sum, number in
            sum + RecordFormat.aligned(RecordHead.size + metadata(number).wireBytes.count + 500 + number * 700)
        }
        let before = try folder.allocatedSegmentBytes()
        let erase = try erase(3)
        #expect(try await cache.reclaim([erase]) == [Reclaimed(revision: erase.revision, objects: 3, bytes: expected)])
        #expect(try !folder.contains(Self.marker))
        // Whole blocks inside the records are given back.
        #expect(try folder.allocatedSegmentBytes() <= before - (8_192 + 12_288))
        let stated = cache.statistics
        #expect(stated.diskBytes >= folder.allocatedBytes && stated.objects == 27)
        try othersHit(cache)
        #expect(cache.lookup(CacheKey(3)).reason == .absent)
        #expect(try await cache.reclaim([erase]) == [Reclaimed(revision: erase.revision)], "again: nothing left")
        // A crash now, and a clean stop: nothing is back, and nobody takes zeros for damage.
        for other in [try folder.crashed(), folder] {
            if other === folder { await cache.shutdown() }
            let reopened = try open(other)
            try othersHit(reopened)
            for number in [3, 13, 23] { #expect(reopened.lookup(CacheKey(number)).reason == .absent) }
            #expect(reopened.statistics.corruptions == 0)
            await reopened.shutdown()
        }
    }

    @Test func aScanOverTheHolesFindsTheRest() async throws {
        let cache = try open(folder)
        await fill(cache)
        _ = try await cache.reclaim([try erase(3)])
        await cache.shutdown()
        try FileManager.default.removeItem(atPath: folder.path + "/index")
        let reopened = try open(folder)
        try othersHit(reopened)
        #expect(reopened.statistics.objects == 27)
        await reopened.shutdown()
    }

    @Test func deadAndPendingRecordsAndThoseOfOtherRevisions() async throws {
        let cache = try open(folder, memoryBytes: 0)
        await fill(cache)
        // Dead: replaced, and removed.
        cache.store(CacheKey(3), metadata(3, version: 1), body: marked(3, size: 900))
        await cache.flush()
        cache.remove(CacheKey(13))
        let erase = try erase(3)
        // Filled after the erase: a lift may have allowed it, or another source took the place.
        let late = metadata(43, fill: erase.revision.rawValue)
        cache.store(CacheKey(43), late, body: body(43, size: 20_000))
        let done = try await cache.reclaim([erase])
        #expect(done.map(\.objects) == [4])
        #expect(try !folder.contains(Self.marker))
        try othersHit(cache)
        #expect(try cache.lookup(CacheKey(43)).object?.hasRightBytes(43) == true)
        await cache.shutdown()
    }

    @Test func whatWaitsToBeWrittenNeverGetsThere() async throws {
        let cache = try open(folder)
        // In one go: some of them are still waiting when the walk begins, whichever they are.
        for number in 0..<200 { cache.store(CacheKey(number), metadata(number), body: marked(number, size: 900)) }
        let erases = try (0..<10).map { try erase($0) }
        let done = try await cache.reclaim(erases)
        #expect(done.map(\.objects) == [Int](repeating: 20, count: 10))
        #expect(cache.statistics.objects == 0 && cache.statistics.pendingBytes == 0)
        #expect(try !folder.contains(Self.marker))
        await cache.shutdown()
    }

    @Test func whatIsInTheIndexAndNotYetInTheQueue() async throws {
        let cache = try open(folder)
        // As between the two steps of a store.
        let record = CachedRecord(metadata: metadata(3), content: .memory(marked(3, size: 900)))
        var entry = IndexEntry(key: CacheKey(3), stamp: cache.core.stamp(), extent: 1_200, fill: .zero, checkedThrough: .zero)
        entry.checkedThrough = journal.rules.applied
        cache.core.shard(CacheKey(3)).index.withLock { _ = $0.insert(entry, pending: record) }
        #expect(try await cache.records(of: [source(3)]) == [
            FoundRecord(
                key: CacheKey(3), tier: .pending, contentType: "image/webp", bytes: 900, fillRevision: .zero,
                entityTag: "\"3-0\"")
        ])
        let erase = try erase(3)
        #expect(try await cache.reclaim([erase]) == [Reclaimed(revision: erase.revision, objects: 1, bytes: 1_200)])
        #expect(cache.lookup(CacheKey(3)).reason == .absent)
        await cache.shutdown()
    }

    @Test func aLateFillOfTheErasedSourceIsRefused() async throws {
        let cache = try open(folder)
        let erase = try erase(3)
        _ = try await cache.reclaim([erase])
        #expect(cache.store(CacheKey(3), metadata(3), body: marked(3, size: 900)) == .notStored(.refused(by: erase.revision)))
        await cache.shutdown()
    }

    @Test func aSegmentWithoutANameThatAnAnswerHoldsOpen() async throws {
        let cache = try open(folder, memoryBytes: 0) { $0.diskBytes = 1 << 20 }
        cache.store(CacheKey(3), metadata(3), body: marked(3, size: 12_000))
        cache.store(CacheKey(4), metadata(4), body: body(4, size: 12_000))
        // Too short to be given back in place.
        for number in 5...7 { cache.store(CacheKey(number), metadata(number), body: body(number, size: 11_500)) }
        await cache.flush()
        let held = try #require(cache.lookup(CacheKey(3)).object)
        let other = try #require(cache.lookup(CacheKey(4)).object)
        let region = try #require(held.region)
        // Until the first segment is compacted, most of it being dead: the two are used, so that they are moved and not evicted.
        for number in 5...7 { cache.remove(CacheKey(number)) }
        var number = 100
        while try folder.files("segment-00000001").count > 0 {
            cache.store(CacheKey(number), metadata(9), body: body(9, size: 30_000))
            await cache.flush()
            _ = (cache.lookup(CacheKey(3)), cache.lookup(CacheKey(4)))
            number += 1
            try #require(number < 2_000, "the first segment is not compacted")
        }
        #expect(try region.contains(Self.marker), "the answer still reads it")
        let erase = try erase(3)
        let done = try await cache.reclaim([erase])
        #expect(done[0].objects >= 2, "where it lay, and where it lies")
        #expect(try !region.contains(Self.marker))
        #expect(try !folder.contains(Self.marker))
        #expect(throws: ObjectCacheError.self) { try held.body.bytes() }
        #expect(try other.hasRightBytes(4), "in the same file, untouched")
        #expect(cache.statistics.diskBytes >= folder.allocatedBytes)
        await cache.shutdown()
    }

    /// Between the rules' word and the walk, what a segment holds of the erased source goes with it, overwritten: here by eviction,
    /// there by compaction.
    @Test(arguments: [true, false]) func aSegmentThatGoesBeforeTheWalkComes(allIsEvicted: Bool) async throws {
        let cache = try open(folder, memoryBytes: 0) { $0.diskBytes = 1 << 20 }
        cache.store(CacheKey(3), metadata(3), body: marked(3, size: 12_000))
        // Too short to be handed out as a file: its segment would have to wait for the walk.
        cache.store(CacheKey(4), metadata(4), body: body(4, size: 7_000))
        cache.store(CacheKey(5), metadata(5), body: body(5, size: 40_000))
        await cache.flush()
        let path = try #require(folder.files("segment-00000001").first)
        let descriptor = Glibc.open(path, O_RDONLY)
        defer { close(descriptor) }
        let revision = Revision(rawValue: cache.core.rules.applied.rawValue + 1)
        cache.expect([Erasure(revision: revision, sources: [source(3)])])
        let erase = try erase(3)
        #expect(erase.revision == revision)
        if !allIsEvicted { cache.remove(CacheKey(5)) }
        var number = 100
        while try folder.files("segment-00000001").count > 0 {
            cache.store(CacheKey(number), metadata(9), body: body(9, size: 30_000))
            await cache.flush()
            if !allIsEvicted { _ = cache.lookup(CacheKey(4)) }
            number += 1
            try #require(number < 2_000, "the first segment does not go")
        }
        // By its descriptor, as the blocks that the file system took back would still have it.
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let got = pread(descriptor, &bytes, bytes.count, 0)
        #expect(!bytes[..<max(0, got)].contains(Self.marker))
        #expect(bytes[..<max(0, got)].contains { $0 != 0 }, "the others' bytes are not touched")
        #expect(try !folder.contains(Self.marker))
        let done = try await cache.reclaim([erase])
        #expect(done[0].objects == 1, "what went with the segment is counted")
        #expect(cache.lookup(CacheKey(4)).object != nil || allIsEvicted)
        await cache.shutdown()
    }

    @Test func damagedHeadsAndTornTailsGoToo() async throws {
        let told = Mutex<[CacheIncident.Kind]>([])
        let cache = try open(folder, memoryBytes: 0, report: { incident in told.withLock { $0.append(incident.kind) } })
        await fill(cache)
        // Under the running cache: a marked record, and two others with a short healthy one between them.
        let damaged = [13, 0, 2]
        for name in try folder.files("segment-") {
            var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: name)))
            var start = 0
            while let head = bytes[start...].firstRange(of: Array("VREC".utf8)) {
                start = head.upperBound
                let key = bytes[(head.lowerBound + 16)..<(head.lowerBound + 32)]
                if damaged.contains(where: { key.elementsEqual(CacheKey($0).headBytes) }) { bytes[head.lowerBound + 50] ^= 0x10 }
            }
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: name))
            try handle.write(contentsOf: bytes)
            try handle.close()
        }
        let done = try await cache.reclaim([try erase(3)])
        #expect(done[0].objects == 2, "the damaged one is overwritten, but nobody can say what it was")
        #expect(cache.statistics.corruptions == damaged.count && told.withLock { $0 } == [.corruptSegment])
        #expect(try !folder.contains(Self.marker))
        for number in damaged { #expect(cache.lookup(CacheKey(number)).object == nil) }
        try othersHit(cache, but: damaged)
        await cache.shutdown()
    }

    @Test func aDiskThatFailsIsToldAndNothingCounts() async throws {
        let cache = try open(folder)
        await fill(cache)
        let file = try #require(cache.core.files.withLock { $0.values.first { $0.number == 1 } })
        let writable = dup(file.descriptor)
        let readOnly = Glibc.open(file.path, O_RDONLY)
        dup2(readOnly, file.descriptor)
        let erase = try erase(3)
        await #expect(throws: ObjectCacheError.notDestroyed(SystemFailure("pwrite", "", code: EBADF))) {
            try await cache.reclaim([erase])
        }
        #expect(try folder.contains(Self.marker))
        // The disk is well again.
        dup2(writable, file.descriptor)
        for descriptor in [writable, readOnly] { close(descriptor) }
        let done = try await cache.reclaim([erase])
        #expect(done[0].objects > 0)
        #expect(try !folder.contains(Self.marker))
        try othersHit(cache)
        await cache.shutdown()
    }

    @Test func beforeTheRulesKnowTheErase() async throws {
        let cache = try open(folder)
        await #expect(throws: ObjectCacheError.notApplied("1", applied: "0")) {
            try await cache.reclaim([Erasure(revision: Revision(rawValue: 1), sources: [source(3)])])
        }
        await cache.shutdown()
        await #expect(throws: ObjectCacheError.closed) { try await cache.records(of: [source(3)]) }
    }

    @Test func whereASourceIs() async throws {
        let cache = try open(folder) { $0.shards = 1 }
        await fill(cache)
        cache.store(CacheKey(13), metadata(13, version: 1), body: marked(13, size: 900))
        cache.remove(CacheKey(23))
        await cache.flush()
        var found = try await cache.records(of: [source(3)])
        found.sort { ($0.bytes, $0.tier.rawValue) < ($1.bytes, $1.tier.rawValue) }
        // 23-0 was long enough for its blocks to be given back.
        #expect(found.map(\.bytes) == [900, 2_600, 9_600])
        #expect(found.map(\.tier) == [.memory, .memory, .dead])
        #expect(found.map(\.entityTag) == ["\"13-1\"", "\"3-0\"", "\"13-0\""])
        #expect(found[1] == FoundRecord(
            key: CacheKey(3), tier: .memory, contentType: "image/webp", bytes: 2_600, fillRevision: .zero,
            entityTag: "\"3-0\""))
        _ = try await cache.reclaim([try erase(3)])
        #expect(try await cache.records(of: [source(3)]).isEmpty)
        #expect(try await cache.records(of: [source(4), source(5)]).count == 6)
        await cache.shutdown()
    }
}

extension CacheKey {
    fileprivate var headBytes: [UInt8] {
        var bytes = LittleEndianBytes(reserving: 16)
        bytes.append(digest.high)
        bytes.append(digest.low)
        return bytes.bytes
    }
}

extension TemporaryFolder {
    /// Whether these bytes stand anywhere in its files.
    func contains(_ marker: [UInt8]) throws -> Bool {
        try files("").contains { try Data(contentsOf: URL(fileURLWithPath: $0)).range(of: Data(marker)) != nil }
    }

    func allocatedSegmentBytes() throws -> Int {
        try files("segment-").reduce(0) { sum, name in
            var status = stat()
            return stat(name, &status) == 0 ? sum + Int(status.st_blocks) * 512 : sum
        }
    }
}

extension CachedObject {
    fileprivate var region: FileRegion? {
        if case .file(let region) = body { region } else { nil }
    }
}

extension FileRegion {
    /// Whether these bytes stand anywhere in its file, with or without a name.
    fileprivate func contains(_ marker: [UInt8]) throws -> Bool {
        var status = stat()
        try #require(fstat(descriptor, &status) == 0)
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        try #require(pread(descriptor, &bytes, bytes.count, 0) == bytes.count)
        return Data(bytes).range(of: Data(marker)) != nil
    }
}

/// Comes once, with the first zeros that are written.
private final class News: Sendable {
    private let action = Mutex<(@Sendable () -> Void)?>(nil)

    func tell(_ new: @escaping @Sendable () -> Void) { action.withLock { $0 = new } }

    func hear(_ change: FileChange) {
        guard case .write(let bytes, _, _) = change, bytes.allSatisfy({ $0 == 0 }) else { return }
        let news = action.withLock { action in
            defer { action = nil }
            return action
        }
        news?()
    }
}
