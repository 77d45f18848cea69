import CacheProtocol
import Foundation
import Synchronization
import Testing

@testable import ObjectCache

/// Whatever is done to the files: right bytes or a miss, and the cache goes on working.
@Suite struct DamageTests {
    private let journal = TestJournal()
    private static let sizes = [0, 1, 50, 700, 5_000]

    /// A folder with a few objects, cleanly stopped. The last one is long enough to be a file body.
    private func prepared() async throws -> TemporaryFolder {
        let folder = TemporaryFolder(inMemory: true)
        let cache = try open(folder)
        for (number, size) in Self.sizes.enumerated() {
            cache.store(CacheKey(number), metadata(number, version: size), body: body(number, version: size, size: size))
        }
        await cache.shutdown()
        return folder
    }

    private func open(
        _ folder: TemporaryFolder, report: @escaping @Sendable (CacheIncident) -> Void = { _ in }
    ) throws -> ObjectCache {
        try smallCache(folder, journal, change: { $0.fileBodyBytes = 2_000; $0.shards = 1 }, report: report)
    }

    /// Looks at every object twice; stores and finds one more.
    /// - Returns: how many were hits the first time.
    private func check(_ folder: TemporaryFolder, _ what: @autoclosure () -> String) async throws -> Int {
        let cache = try open(folder)
        var hits = 0
        for round in 0..<2 {
            for (number, size) in Self.sizes.enumerated() {
                guard let object = cache.lookup(CacheKey(number)).object else { continue }
                if round == 0 { hits += 1 }
                #expect(try object.hasRightBytes(number) && object.body.count == size, "\(what()): object \(number)")
            }
        }
        cache.store(CacheKey(99), metadata(99), body: body(99, size: 300))
        await cache.flush()
        #expect(try cache.lookup(CacheKey(99)).object?.hasRightBytes(99) == true, "\(what())")
        await cache.shutdown()
        return hits
    }

    private func damage(_ path: String, _ change: (inout [UInt8]) -> Void) throws {
        var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        change(&bytes)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    private func only(_ prefix: String, of folder: TemporaryFolder) throws -> String {
        let files = try folder.files(prefix)
        return try #require(files.count == 1 ? files[0] : nil)
    }

    @Test(arguments: [true, false]) func everyByteOfASegmentFlipped(hasCheckpoint: Bool) async throws {
        let original = try await prepared()
        let length = try Data(contentsOf: URL(fileURLWithPath: only("segment-", of: original))).count
        var hits = 0
        // Every byte of the heads and of the small bodies; of the long body every 37th.
        let places = (0..<length).filter { $0 < length - 4_500 || $0 % 37 == 0 }
        for place in places {
            let copy = try original.crashed()
            if !hasCheckpoint { try FileManager.default.removeItem(atPath: copy.path + "/index") }
            try damage(only("segment-", of: copy)) { $0[place] ^= 1 << UInt8(place % 8) }
            hits += try await check(copy, "byte \(place) flipped")
        }
        // One object is lost per flip (or all with the segment's head), never more than that.
        #expect(hits >= places.count * (Self.sizes.count - 1) - SegmentHeader.size * (Self.sizes.count - 1))
    }

    @Test(arguments: [true, false]) func aSegmentCutAnywhere(hasCheckpoint: Bool) async throws {
        let original = try await prepared()
        let length = try Data(contentsOf: URL(fileURLWithPath: only("segment-", of: original))).count
        for end in stride(from: 0, to: length, by: 13) {
            let copy = try original.crashed()
            if !hasCheckpoint { try FileManager.default.removeItem(atPath: copy.path + "/index") }
            try damage(only("segment-", of: copy)) { $0.removeLast(length - end) }
            _ = try await check(copy, "cut at \(end)")
            // And once more: what was appended after the cut must be found again, by a scan too. It is longer than what
            // was cut, so a torn record whose head is whole would reach over it.
            let cache = try open(copy)
            cache.store(CacheKey(98), metadata(98), body: body(98, size: 6_000))
            await cache.shutdown()
            try FileManager.default.removeItem(atPath: copy.path + "/index")
            let scanned = try open(copy)
            #expect(scanned.lookup(CacheKey(99)).object != nil, "cut at \(end)")
            #expect(scanned.lookup(CacheKey(98)).object != nil, "cut at \(end)")
            await scanned.shutdown()
        }
    }

    @Test func zerosInASegment() async throws {
        let original = try await prepared()
        let length = try Data(contentsOf: URL(fileURLWithPath: only("segment-", of: original))).count
        for start in stride(from: 0, to: length - 512, by: 256) {
            let copy = try original.crashed()
            try damage(only("segment-", of: copy)) { for place in start..<start + 512 { $0[place] = 0 } }
            _ = try await check(copy, "zeros at \(start)")
        }
    }

    @Test func everyByteOfTheCheckpointFlipped() async throws {
        let original = try await prepared()
        let length = try Data(contentsOf: URL(fileURLWithPath: original.path + "/index")).count
        for place in 0..<length {
            let copy = try original.crashed()
            try damage(copy.path + "/index") { $0[place] ^= 1 << UInt8(place % 8) }
            let hits = try await check(copy, "byte \(place) of the checkpoint flipped")
            #expect(hits == Self.sizes.count, "byte \(place): the scan finds everything")
        }
    }

    @Test func everyByteOfTheStateFlipped() async throws {
        let original = try await prepared()
        for place in 0..<36 {
            let copy = try original.crashed()
            try damage(copy.path + "/state") { $0[place] ^= 1 << UInt8(place % 8) }
            let hits = try await check(copy, "byte \(place) of the state flipped")
            #expect(hits == 0, "byte \(place): without a known floor nothing may be served")
        }
    }

    @Test func damageUnderTheFeetOfARunningCache() async throws {
        let folder = try await prepared()
        let incidents = Mutex<[CacheIncident.Kind]>([])
        let cache = try open(folder) { incident in incidents.withLock { $0.append(incident.kind) } }
        let segment = try #require(FileHandle(forUpdatingAtPath: only("segment-", of: folder)))
        let length = try segment.seekToEnd()
        try segment.seek(toOffset: 0)
        try segment.write(contentsOf: Data(repeating: 0xAA, count: Int(length)))
        for number in Self.sizes.indices {
            #expect(cache.lookup(CacheKey(number)).reason == .corrupt)
            #expect(cache.lookup(CacheKey(number)).reason == .absent)
        }
        #expect(cache.statistics.corruptions == Self.sizes.count)
        #expect(incidents.withLock { $0 } == [.corruptRecord], "told once")
        await cache.shutdown()
    }

    @Test func aSweepTellsOfDamage() async throws {
        let folder = try await prepared()
        let incidents = Mutex<[CacheIncident.Kind]>([])
        let cache = try open(folder) { incident in incidents.withLock { $0.append(incident.kind) } }
        let segment = try #require(FileHandle(forUpdatingAtPath: only("segment-", of: folder)))
        try segment.write(contentsOf: Data(repeating: 0xAA, count: 20_000))
        try journal.append(.hardPurge, .tag("none"))
        #expect(await cache.sweep().removed == Self.sizes.count)
        #expect(cache.statistics.corruptions == Self.sizes.count && cache.statistics.readFailures == 0)
        #expect(incidents.withLock { $0 } == [.corruptRecord], "told once")
        await cache.shutdown()
    }

    @Test(arguments: [false, true]) func aSweepThatCannotRead(allIsGoneByThen: Bool) async throws {
        let folder = try await prepared()
        let incidents = Mutex<[CacheIncident.Kind]>([])
        let read = Mutex<(@Sendable () -> Void)?>(nil)
        var configuration = ObjectCacheConfiguration(folder: folder.path, diskBytes: 4 << 20, memoryBytes: 0, shards: 1)
        configuration.fileBodyBytes = 2_000
        let cache = try ObjectCache(
            configuration: configuration, rules: journal.rules, expecting: [],
            changes: FileChanges(beforeRead: { read.withLock { $0 }?() }),
            report: { incident in incidents.withLock { $0.append(incident.kind) } })
        let file = try #require(cache.core.file(1))
        let (readable, writeOnly) = (dup(file.descriptor), Glibc.open(file.path, O_WRONLY))
        dup2(writeOnly, file.descriptor)
        if allIsGoneByThen {
            read.withLock { $0 = { for number in Self.sizes.indices { cache.remove(CacheKey(number)) } } }
        }
        try journal.append(.hardPurge, .tag("none"))
        let count = allIsGoneByThen ? 0 : Self.sizes.count
        #expect(await cache.sweep().removed == count)
        #expect(cache.statistics.readFailures == count && cache.statistics.corruptions == 0)
        #expect(incidents.withLock { $0 } == (allIsGoneByThen ? [] : [.readFailed]))
        read.withLock { $0 = nil }
        dup2(readable, file.descriptor)
        for descriptor in [readable, writeOnly] { close(descriptor) }
        await cache.shutdown()
    }

    @Test func whoeverIsToldOfDamageMayAskTheCache() async throws {
        let folder = TemporaryFolder()
        let first = try open(folder)
        first.store(CacheKey(1), metadata(1), body: body(1, size: 1_000))
        await first.shutdown()
        try damage(try only("segment-", of: folder)) { $0[$0.count - 500] ^= 1 }
        let told = Mutex<ObjectCache?>(nil)
        let asked = Mutex<[Int]>([])
        let cache = try open(folder) { _ in
            let cache = told.withLock { $0 }
            if let cache { asked.withLock { $0.append(cache.statistics.corruptions) } }
        }
        told.withLock { $0 = cache }
        #expect(cache.lookup(CacheKey(1)).reason == .corrupt)
        #expect(asked.withLock { $0 } == [1])
        told.withLock { $0 = nil }
        await cache.shutdown()
    }

    @Test func aRecordInsideABodyIsNotFound() async throws {
        // Somebody uploads an image that contains a whole record, for a key that he wants to be another's.
        let folder = TemporaryFolder()
        let cache = try open(folder)
        let forged = metadata(7).wireBytes
        let head = RecordHead(
            nonce: 42, key: CacheKey(7), fillRevision: 0, stamp: 1 << 40, bodyLength: 3, metadataLength: forged.count,
            bodyChecksum: Checksum.crc32c([1, 2, 3]))
        let evil = head.bytes(with: forged) + [1, 2, 3] + [UInt8](repeating: 0, count: 64)
        for shift in 0..<8 {
            let padding = [UInt8](repeating: 0, count: shift)
            cache.store(CacheKey(100 + shift), metadata(1), body: SharedBytes(padding + evil))
        }
        await cache.shutdown()
        try FileManager.default.removeItem(atPath: folder.path + "/index")
        // The heads that lead over the bodies are damaged, so the scan must look into them.
        let path = try only("segment-", of: folder)
        try damage(path) { bytes in
            for place in stride(from: SegmentHeader.size, to: bytes.count - 8, by: 8)
            where bytes[place..<place + 4].elementsEqual([0x56, 0x52, 0x45, 0x43])
                && !bytes[place + 8..<place + 16].elementsEqual([42, 0, 0, 0, 0, 0, 0, 0]) {
                bytes[place + 60] ^= 1
            }
        }
        let again = try open(folder)
        #expect(again.lookup(CacheKey(7)).reason == .absent)
        #expect(again.lookup(CacheKey(100)).reason == .absent, "the scan did look into the bodies")
        await again.shutdown()
    }

    @Test func aFileWithTheGreatestNumber() async throws {
        let (journal, folder) = (TestJournal(), TemporaryFolder(inMemory: true))
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try Data([1, 2, 3]).write(to: URL(filePath: folder.path + "/segment-ffffffff"))
        let cache = try smallCache(folder, journal)
        cache.store(CacheKey(1), metadata(1), body: body(1, size: 900))
        await cache.flush()
        await cache.shutdown()
        let again = try smallCache(folder, journal)
        #expect(try again.lookup(CacheKey(1)).object?.hasRightBytes(1) == true)
        await again.shutdown()
    }

    @Test func aFolderThatIsDeletedUnderFoot() async throws {
        let folder = TemporaryFolder()
        let cache = try smallCache(folder, journal, diskBytes: 1 << 20) { $0.segmentBytes = 16 << 10 }
        cache.store(CacheKey(0), metadata(0), body: body(0, size: 1_000))
        await cache.flush()
        try FileManager.default.removeItem(atPath: folder.path)
        for number in 1..<100 {
            #expect(cache.store(CacheKey(number), metadata(number), body: body(number, size: 5_000)) == .stored)
            await cache.flush()
        }
        #expect(cache.statistics.storesUnwritten == 0)
        #expect(try !folder.files("segment-").isEmpty, "it is made anew")
        #expect(try cache.lookup(CacheKey(0)).object?.hasRightBytes(0) == true)
        await cache.shutdown()
    }

    @Test func copiesAtAnyMomentOfABusyCache() async throws {
        var generator = SeededGenerator.printed("copies of a busy cache")
        let folder = TemporaryFolder()
        let cache = try smallCache(folder, journal, diskBytes: 1 << 20) {
            $0.segmentBytes = 32 << 10
            $0.checkpointMilliseconds = 5
        }
        let writer = Task.detached { [generator] in
            var generator = generator
            while !Task.isCancelled {
                let number = Int.random(in: 0..<400, using: &generator)
                let version = Int.random(in: 0..<1_000, using: &generator)
                let size = Int.random(in: 0..<8_000, using: &generator)
                cache.store(
                    CacheKey(number), metadata(number, version: version), body: body(number, version: version, size: size))
                if version % 8 == 0 { await cache.flush() }
            }
        }
        var found = 0
        for _ in 0..<40 {
            for _ in 0..<Int.random(in: 0..<20, using: &generator) { await cache.flush() }
            let copy = try folder.crashed()
            let other = try smallCache(copy, journal, diskBytes: 1 << 20) { $0.segmentBytes = 32 << 10 }
            for number in 0..<400 {
                guard let object = other.lookup(CacheKey(number)).object else { continue }
                found += 1
                #expect(try object.hasRightBytes(number))
            }
            await other.shutdown()
        }
        writer.cancel()
        await writer.value
        await cache.shutdown()
        #expect(found > 1_000)
    }
}
