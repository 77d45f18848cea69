import CacheProtocol
import Foundation
import Synchronization
import Testing

@testable import ObjectCache

/// Between the news of an erase and the walk for it, answers with what it means are under way still: they send what it was.
@Suite(.timeLimit(.minutes(2)))
struct PutOffTests {
    private let journal = TestJournal()
    private let folder = TemporaryFolder(inMemory: true)
    private static let marker = Array("sent until it is cut off, then no more".utf8)

    private func open(_ changes: FileChanges = FileChanges()) throws -> ObjectCache {
        let configuration = ObjectCacheConfiguration(
            folder: folder.path, diskBytes: 1 << 20, memoryBytes: 0, segmentBytes: 64 << 10, fileBodyBytes: 8 << 10,
            checkpointMilliseconds: 5)
        return try ObjectCache(
            configuration: configuration, rules: journal.rules, expecting: [], changes: changes, report: { _ in })
    }

    /// Object 3, marked, and others of its segment; an answer has it.
    private func fill(_ cache: ObjectCache) async throws -> CachedObject {
        var bytes = body(3, size: 12_000).array
        bytes.replaceSubrange(6_000..<6_000 + Self.marker.count, with: Self.marker)
        cache.store(CacheKey(3), metadata(3), body: SharedBytes(bytes))
        for number in 5...8 { cache.store(CacheKey(number), metadata(number), body: body(number, size: 11_500)) }
        await cache.flush()
        return try #require(cache.lookup(CacheKey(3)).object)
    }

    private var erase: Erasure { Erasure(revision: journal.rules.applied.next, sources: [source(3)]) }

    @Test func aSegmentThatIsBeingSentStaysUntilTheWalkIsAskedFor() async throws {
        let cache = try open()
        let answer = try await fill(cache)
        let erase = erase
        cache.expect([erase])
        for number in 5...8 { cache.remove(CacheKey(number)) }
        for number in 100..<200 {
            cache.store(CacheKey(number), metadata(9), body: body(9, size: 30_000))
            await cache.flush()
        }
        #expect(try answer.body.bytes().count == 12_000, "the bytes are as they were")
        #expect(try folder.files("segment-00000001").count == 1)
        let statistics = cache.statistics
        #expect(statistics.storesUnwritten == 0 && statistics.storesWithoutRoom == 0 && statistics.writeFailures == 0)
        #expect(folder.allocatedBytes <= 1 << 20)
        // The answers are cut off, and it is asked for.
        try journal.append(.erase, .source([source(3)]))
        let done = try await cache.reclaim([erase])
        #expect(done[0].objects == 1)
        #expect(throws: ObjectCacheError.self) { try answer.body.bytes() }
        #expect(try !folder.contains(Self.marker))
        await cache.flush()
        #expect(try folder.files("segment-00000001").isEmpty, "it goes as soon as it may")
        await cache.shutdown()
    }

    enum Reason: CaseIterable { case anAnswerHasIt, aSyncFails }

    /// Emptying forgets the erases, but not what could not be overwritten for them yet.
    @Test(arguments: Reason.allCases) func whatEmptyingHadToLeaveIsOverwrittenBeforeItGoes(_ reason: Reason) async throws {
        let failures = Atomic(0)
        let cache = try open(FileChanges(beforeSync: {
            failures.wrappingSubtract(1, ordering: .relaxed).oldValue > 0 ? EIO : 0
        }))
        var answer: CachedObject? = try await fill(cache)
        let path = try #require(folder.files("segment-00000001").first)
        let descriptor = Glibc.open(path, O_RDONLY)
        defer { close(descriptor) }
        if reason == .aSyncFails {
            answer = nil
            cache.core.file(1)?.isHandedOut.store(false, ordering: .relaxed)
            failures.store(1, ordering: .relaxed)
        }
        cache.expect([erase])
        try await cache.removeAll()
        if let answer { #expect(try answer.body.bytes().count == 12_000) }
        #expect(try folder.files("segment-00000001").count == 1 || reason == .aSyncFails)
        answer = nil
        while try !folder.files("segment-00000001").isEmpty { await cache.flush() }
        var bytes = [UInt8](repeating: 1, count: 64 << 10)
        let got = pread(descriptor, &bytes, bytes.count, 0)
        #expect(got > 50_000 && Data(bytes[..<got]).range(of: Data(Self.marker)) == nil)
        #expect(bytes[SegmentHeader.size..<max(got, SegmentHeader.size)].allSatisfy { $0 == 0 }, "all of it is overwritten")
        await cache.shutdown()
    }

    /// Emptying has forgotten the erase, and so has the node that starts again.
    @Test func whatEmptyingHadToLeaveIsOverwrittenByTheNextStart() async throws {
        var cache = try open()
        let answer = try await fill(cache)
        let descriptor = Glibc.open(try #require(folder.files("segment-00000001").first), O_RDONLY)
        defer { close(descriptor) }
        cache.expect([erase])
        try await cache.removeAll()
        #expect(try folder.files("owed-").count == 1)
        await cache.shutdown()
        #expect(try answer.body.bytes().count == 12_000)
        cache = try open()
        while try !folder.files("segment-00000001").isEmpty { await cache.flush() }
        var bytes = [UInt8](repeating: 1, count: 64 << 10)
        let got = pread(descriptor, &bytes, bytes.count, 0)
        #expect(got > 50_000 && bytes[SegmentHeader.size..<max(got, SegmentHeader.size)].allSatisfy { $0 == 0 })
        #expect(try folder.files("owed-").isEmpty)
        await cache.shutdown()
        // One that has lost its segment, and one whose segment a power cut has left no head of.
        for name in ["owed-00000009", "owed-00000008", "segment-00000008"] {
            #expect(FileManager.default.createFile(atPath: folder.path + "/" + name, contents: nil))
        }
        cache = try open()
        while try !folder.files("owed-").isEmpty { await cache.flush() }
        await cache.shutdown()
    }

    @Test func whatTheRulesHaveAppliedBeforeAStartIsSentByNobody() {
        let erase = Erasure(revision: Revision(rawValue: 5), sources: [source(3)])
        #expect(DueErasures([erase], applied: Revision(rawValue: 5)).areAsked([erase]))
        let due = DueErasures([erase], applied: Revision(rawValue: 4))
        #expect(!due.areAsked([erase]))
        due.ask([erase])
        #expect(due.areAsked([erase]))
    }
}
