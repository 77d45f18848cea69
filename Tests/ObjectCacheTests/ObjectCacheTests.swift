import CacheProtocol
import Foundation
import Synchronization
import Testing

@testable import ObjectCache

@Suite struct ObjectCacheTests {
    private let folder = TemporaryFolder()
    private let journal = TestJournal()

    @Test func whatIsStoredIsFoundAtOnceAndAfterARestart() async throws {
        let cache = try smallCache(folder, journal)
        #expect(cache.lookup(CacheKey(1)).reason == .absent)
        #expect(cache.store(CacheKey(1), metadata(1), body: body(1, size: 3_000)) == .stored)
        #expect(cache.lookup(CacheKey(1)).object?.metadata == metadata(1))
        await cache.shutdown()
        #expect(cache.store(CacheKey(2), metadata(2), body: body(2, size: 1)) == .notStored(.closed))

        let again = try smallCache(folder, journal)
        let object = try #require(again.lookup(CacheKey(1)).object)
        #expect(object.metadata == metadata(1))
        #expect(try object.hasRightBytes(1))
        #expect(again.statistics.recoveredObjects == 1)
        #expect(again.statistics.diskHits == 1)
        #expect(again.lookup(CacheKey(1)).object?.identity == object.identity)
        #expect(again.statistics.memoryHits == 1)
        await again.shutdown()
    }

    @Test func aLongBodyIsARegionOfAFileThatOutlivesItsSegment() async throws {
        let cache = try smallCache(folder, journal)
        cache.store(CacheKey(1), metadata(1), body: body(1, size: 100_000))
        await cache.flush()
        let object = try #require(cache.lookup(CacheKey(1)).object)
        guard case .file(let region) = object.body else { return #expect(Bool(false), "not a file body") }
        #expect(region.count == 100_000)
        try await cache.removeAll()
        #expect(try folder.files("segment-").isEmpty)
        #expect(cache.lookup(CacheKey(1)).reason == .absent)
        // The answer that is under way is not disturbed.
        var bytes = [UInt8](repeating: 0, count: region.count)
        #expect(pread(region.descriptor, &bytes, bytes.count, off_t(region.offset)) == bytes.count)
        #expect(bytes == body(1, size: 100_000).array)
        #expect(cache.statistics.diskBytes >= 100_000, "its blocks count as long as it is read")
        await cache.shutdown()
    }

    @Test func verifyAlwaysHandsNoFilesOut() async throws {
        let cache = try smallCache(folder, journal, memoryBytes: 0) { $0.verify = .always }
        cache.store(CacheKey(1), metadata(1), body: body(1, size: 100_000))
        await cache.flush()
        let object = try #require(cache.lookup(CacheKey(1)).object)
        guard case .memory = object.body else { return #expect(Bool(false), "not a memory body") }
        #expect(try object.hasRightBytes(1))
        await cache.shutdown()
    }

    @Test func aHardPurgeForbidsAndASoftOneMarks() async throws {
        let cache = try smallCache(folder, journal)
        for number in 1...3 { cache.store(CacheKey(number), metadata(number, fill: 0), body: body(number, size: 10)) }
        let soft = try journal.append(.softPurge, .url([Digest128(high: 0, low: 2)]))
        let hard = try journal.append(.hardPurge, .url([Digest128(high: 0, low: 1)]))
        #expect(cache.lookup(CacheKey(1)).reason == .refused(by: hard))
        #expect(cache.lookup(CacheKey(1)).reason == .absent)
        #expect(cache.lookup(CacheKey(2)).object?.staleBy == soft)
        #expect(cache.lookup(CacheKey(2)).object?.staleBy == soft)
        #expect(cache.lookup(CacheKey(3)).object?.staleBy == nil)
        #expect(
            cache.store(CacheKey(1), metadata(1, fill: 1), body: body(1, size: 10)) == .notStored(.refused(by: hard)))
        #expect(cache.store(CacheKey(1), metadata(1, fill: 2), body: body(1, size: 10)) == .stored)
        #expect(cache.lookup(CacheKey(1)).object != nil)
        await cache.shutdown()
    }

    @Test func aPurgedObjectThatACrashBringsBackIsRefused() async throws {
        let cache = try smallCache(folder, journal)
        cache.store(CacheKey(1), metadata(1), body: body(1, size: 10))
        await cache.flush()
        let before = try folder.crashed()
        let purge = try journal.append(.hardPurge, .source([source(1)]))
        #expect(await cache.sweep() == SweepResult(through: purge, removed: 1))
        await cache.shutdown()
        let again = try smallCache(before, journal)
        #expect(again.lookup(CacheKey(1)).reason == .refused(by: purge))
        await again.shutdown()
    }

    /// The checkpoint says "checked through 5"; the node comes back with another history, whose 5 is another command.
    @Test(arguments: [true, false]) func whatWasCheckedOnAnotherHistoryIsCheckedAgain(isBehind: Bool) async throws {
        let cache = try smallCache(folder, journal)
        try journal.append(.hardPurge, .url([Digest128(high: 9, low: 9)]))
        cache.store(CacheKey(1), metadata(1), body: body(1, size: 10))
        await cache.shutdown()
        let other = TestJournal()
        if !isBehind { try other.append(.hardPurge, .url([Digest128(high: 0, low: 1)])) }
        let again = try smallCache(folder, other)
        if isBehind { try other.append(.hardPurge, .url([Digest128(high: 0, low: 1)])) }
        #expect(await again.sweep().removed == 1)
        #expect(again.lookup(CacheKey(1)).reason == .absent)
        await again.shutdown()
    }

    @Test func nothingBelowTheFloorIsServedStoredOrRecovered() async throws {
        try journal.advance(to: 4)
        let cache = try smallCache(folder, journal)
        for revision in 0..<4 as Range<UInt64> {
            cache.store(CacheKey(Int(revision)), metadata(Int(revision), fill: revision), body: body(Int(revision), size: 10))
        }
        await cache.flush()
        try await cache.raiseFloor(to: Revision(rawValue: 2))
        let crashed = try folder.crashed()
        #expect(cache.lookup(CacheKey(1)).reason == .belowFloor)
        #expect(cache.lookup(CacheKey(2)).object != nil)
        #expect(cache.store(CacheKey(1), metadata(1, fill: 1), body: body(1, size: 10)) == .notStored(.belowFloor))
        try await cache.raiseFloor(to: .zero)
        #expect(cache.floor == Revision(rawValue: 2))
        await cache.shutdown()
        let again = try smallCache(crashed, journal)
        #expect(again.floor == Revision(rawValue: 2))
        #expect(again.statistics.recoveredObjects == 2)
        #expect(again.lookup(CacheKey(0)).reason == .absent)
        await again.shutdown()
    }

    @Test func aCrashInTheMiddleOfEmptyingBringsNothingBack() async throws {
        let cache = try smallCache(folder, journal)
        cache.store(CacheKey(1), metadata(1), body: body(1, size: 10))
        await cache.checkpoint()
        let before = try folder.crashed()
        try await cache.removeAll()
        // The state has been replaced; nothing has been unlinked yet.
        try FileManager.default.removeItem(atPath: before.path + "/state")
        try FileManager.default.copyItem(atPath: folder.path + "/state", toPath: before.path + "/state")
        let again = try smallCache(before, journal)
        #expect(again.lookup(CacheKey(1)).reason == .absent)
        #expect(try before.files("segment-").isEmpty)
        await again.shutdown()
        await cache.shutdown()
    }

    /// The origin had applied more than this node. A journal that is restored to where the node stands gives those revisions
    /// to other commands, and one of them may match.
    @Test func nothingClaimsToBeNewerThanTheRulesOfThisNode() async throws {
        let cache = try smallCache(folder, journal)
        cache.store(CacheKey(1), metadata(1, fill: 7), body: body(1, size: 10))
        #expect(cache.lookup(CacheKey(1)).object?.metadata.fillRevision == .zero)
        try journal.append(.hardPurge, .all)
        #expect(cache.lookup(CacheKey(1)).object == nil)
        await cache.shutdown()
    }

    /// The answer of an origin that had applied a command, which a restore of the journal has undone since; this node has applied
    /// what came in its place before the answer arrives, and what was read for it is from before that.
    @Test func aFillIsNoNewerThanWhatTheNodeKnewWhenItAsked() async throws {
        try journal.advance(to: 8)
        let cache = try smallCache(folder, journal)
        let (object, _) = try await cache.object(for: CacheKey(1), newestMatch: .zero) { [journal] in
            try journal.append(.softPurge, .all)
            return Filled(metadata: metadata(1, fill: 9), body: body(1, size: 10))
        }
        #expect(object.metadata.fillRevision == Revision(rawValue: 8))
        #expect(cache.lookup(CacheKey(1)).object?.staleBy == Revision(rawValue: 9))
        await cache.shutdown()
    }

    /// Its rules were lost, and those revisions will be given to other commands.
    @Test(arguments: [false, true]) func whatIsNewerThanTheRecoveredRulesIsNotRecovered(fromCheckpoint: Bool) async throws {
        try journal.advance(to: 3)
        let cache = try smallCache(folder, journal)
        cache.store(CacheKey(1), metadata(1, fill: 2), body: body(1, size: 10))
        cache.store(CacheKey(2), metadata(2, fill: 3), body: body(2, size: 10))
        await cache.flush()
        if fromCheckpoint { await cache.checkpoint() }
        let crashed = try folder.crashed()
        await cache.shutdown()
        let behind = TestJournal()
        try behind.advance(to: 2)
        let again = try smallCache(crashed, behind)
        #expect(again.lookup(CacheKey(1)).object != nil)
        #expect(again.lookup(CacheKey(2)).reason == .absent)
        await again.shutdown()
    }

    /// Of a node that begins anew revisions begin anew, too.
    @Test func emptyingTakesTheFloorAway() async throws {
        try journal.advance(to: 9)
        let cache = try smallCache(folder, journal)
        try await cache.raiseFloor(to: Revision(rawValue: 9))
        try await cache.removeAll()
        let crashed = try folder.crashed()
        #expect(cache.store(CacheKey(1), metadata(1, fill: 1), body: body(1, size: 10)) == .stored)
        await cache.shutdown()
        let again = try smallCache(crashed, journal)
        #expect(again.floor == .zero)
        await again.shutdown()
    }

    @Test func anOlderFillDoesNotReplaceANewerOne() async throws {
        try journal.advance(to: 5)
        let cache = try smallCache(folder, journal)
        cache.store(CacheKey(1), metadata(1, version: 2, fill: 5), body: body(1, version: 2, size: 10))
        #expect(cache.store(CacheKey(1), metadata(1, fill: 4), body: body(1, size: 10)) == .notStored(.superseded))
        #expect(cache.store(CacheKey(1), metadata(1, version: 3, fill: 5), body: body(1, version: 3, size: 10)) == .stored)
        #expect(cache.lookup(CacheKey(1)).object?.metadata.entityTag == "\"1-3\"")
        await cache.shutdown()
    }

    @Test func aSecondCacheOnOneFolderIsRefusedWithThePid() async throws {
        let cache = try smallCache(folder, journal)
        let error = #expect(throws: ObjectCacheError.self) { _ = try smallCache(folder, journal) }
        #expect(error?.isFolderInUse == true)
        #expect(error?.description.contains("\(getpid())") == true)
        await cache.shutdown()
        let next = try smallCache(folder, journal)
        await next.shutdown()
    }

    /// Waiting to be written, written, in memory, handed out: the same bytes. Read from the disk they are copied once.
    @Test func bytesAreNotCopiedBetweenTheTiers() async throws {
        func bytes(_ cache: ObjectCache) -> SharedBytes? {
            if case .memory(let bytes)? = cache.lookup(CacheKey(1)).object?.body { bytes } else { nil }
        }
        let stored = body(1, size: 3_000)
        let cache = try smallCache(folder, journal)
        cache.store(CacheKey(1), metadata(1), body: stored)
        #expect(bytes(cache) === stored)
        await cache.flush()
        #expect(bytes(cache) === stored)
        await cache.shutdown()
        let next = try smallCache(folder, journal)
        let loaded = try #require(bytes(next))
        #expect(loaded.array == stored.array && next.statistics.diskHits == 1)
        #expect(bytes(next) === loaded)
        await next.shutdown()
    }

    @Test func whatWaitsToBeWrittenCountsByItsMemory() async throws {
        let disk = Mutex(())
        let configuration = ObjectCacheConfiguration(
            folder: folder.path, diskBytes: 4 << 20, memoryBytes: 0, writeBehindBytes: 100_000)
        let cache = try ObjectCache(
            configuration: configuration, rules: journal.rules, expecting: [],
            changes: FileChanges { change in
                if case .write = change { disk.withLock { _ in } }
            },
            report: { _ in })
        // Ten bytes each, and some hundred of metadata on the disk.
        let stored = disk.withLock { _ in
            (0..<1_000).count { cache.store(CacheKey($0), metadata($0), body: body($0, size: 10)) == .stored }
        }
        #expect((50...150).contains(stored), "\(stored)")
        await cache.flush()
        #expect(cache.statistics.pendingBytes == 0 && cache.statistics.objects == stored)
        await cache.shutdown()
    }

    @Test func whatIsTooLargeOrTooMuchIsServedAndNotStored() async throws {
        let incidents = Mutex<[CacheIncident.Kind]>([])
        let cache = try smallCache(
            folder, journal, change: { $0.writeBehindBytes = 1 },
            report: { incident in incidents.withLock { $0.append(incident.kind) } })
        #expect(cache.store(CacheKey(1), metadata(1), body: body(1, size: 600_000)) == .notStored(.tooLarge))
        var results: Set<StoreResult> = []
        for number in 2..<2_000 {
            results.insert(cache.store(CacheKey(number), metadata(number), body: body(2, size: 2_000)))
        }
        #expect(results == [.stored, .notStored(.overloaded)])
        #expect(incidents.withLock { $0 } == [.overloaded], "told once")
        await cache.flush()
        #expect(cache.statistics.pendingBytes == 0)
        await cache.shutdown()
    }

    @Test func aLowerLimitIsKeptFromTheStart() async throws {
        let cache = try smallCache(folder, journal, diskBytes: 4 << 20)
        for number in 0..<300 { cache.store(CacheKey(number), metadata(number), body: body(number, size: 10_000)) }
        await cache.shutdown()
        #expect(folder.allocatedBytes > 2 << 20)
        let again = try smallCache(folder, journal, diskBytes: 1 << 20)
        await again.flush()
        #expect(folder.allocatedBytes <= 1 << 20)
        #expect(again.lookup(CacheKey(299)).object != nil)
        #expect(again.lookup(CacheKey(0)).reason == .absent)
        await again.shutdown()
    }

    @Test func aWriteFloodNeverGoesOverTheLimit() async throws {
        let cache = try smallCache(folder, journal, diskBytes: 2 << 20, memoryBytes: 0) { $0.checkpointMilliseconds = 1 }
        var generator = SeededGenerator.printed("write flood")
        var peak = 0
        for number in 0..<4_000 {
            let size = Int.random(in: 0..<10_000, using: &generator)
            cache.store(CacheKey(number % 1_500), metadata(number), body: body(0, size: size))
            if number % 10 == 0 { peak = max(peak, folder.allocatedBytes) }
        }
        await cache.flush()
        peak = max(peak, folder.allocatedBytes)
        #expect(peak <= 2 << 20)
        #expect(peak > 1 << 20)
        #expect(cache.statistics.evictions > 0)
        await cache.shutdown()
    }

    @Test func threadsMayDoAnythingAtOnce() async throws {
        let cache = try smallCache(folder, journal, diskBytes: 1 << 20, memoryBytes: 50 << 10) { $0.segmentBytes = 32 << 10 }
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask { [journal] in
                    var generator = SeededGenerator(UInt64(task))
                    for _ in 0..<3_000 {
                        let number = Int.random(in: 0..<300, using: &generator)
                        switch Int.random(in: 0..<100, using: &generator) {
                        case 0: _ = try? journal.append(.hardPurge, .source([source(number)]))
                        case 1: await cache.sweep()
                        case 2..<30:
                            let fill = journal.rules.applied.rawValue
                            cache.store(
                                CacheKey(number), metadata(number, fill: fill),
                                body: body(number, size: Int.random(in: 0..<6_000, using: &generator)))
                        default:
                            if let object = cache.lookup(CacheKey(number)).object {
                                #expect((try? object.hasRightBytes(number)) == true)
                            }
                        }
                    }
                }
            }
        }
        await cache.shutdown()
        #expect(cache.statistics.corruptions == 0)
        let again = try smallCache(folder, journal, diskBytes: 1 << 20)
        #expect(again.order.count == again.statistics.objects)
        await again.shutdown()
    }

    @Test func aConfigurationThatMakesNoSenseIsRefusedWithTheReason() {
        for (change, word) in [
            ({ (c: inout ObjectCacheConfiguration) in c.diskBytes = 1_000 }, "diskBytes"),
            ({ $0.shards = 3 }, "shards"), ({ $0.folder = "relative" }, "absolute"),
            ({ $0.segmentBytes = 4 << 20 }, "segmentBytes"),
        ] {
            let error = #expect(throws: ObjectCacheError.self) { _ = try smallCache(folder, journal, change: change) }
            #expect(error?.description.contains(word) == true)
        }
    }
}

extension SweepResult {
    init(through: Revision, removed: Int) {
        self.init()
        self.through = through
        self.removed = removed
    }
}
