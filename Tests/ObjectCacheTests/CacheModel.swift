import CacheProtocol
import Foundation
import Testing

@testable import ObjectCache

/// A cache beside a plain dictionary with a recency list, which says what every operation must come to.
struct CacheModel {
    private struct Entry {
        var version: Int
        var fill: Revision
        var scope: ObjectScope
        var size: Int
    }

    private var generator: SeededGenerator
    // On a real disk: the blocks that files occupy are looked at.
    private var folder = TemporaryFolder()
    private let journal = TestJournal()
    private(set) var cache: ObjectCache
    private var entries: [Int: Entry] = [:]
    /// From the least to the most recently used.
    private var order: [Int] = []
    private var numbers: [CacheKey: Int] = [:]
    private var nextVersion = 0
    private var floor = Revision.zero
    private(set) var isBroken = false
    /// As the cache that is open counts it.
    private var outOfOrderBefore = 0
    private(set) var (hits, refusals, evictions, crashes, reopenings, reclaimed) = (0, 0, 0, 0, 0, 0)
    /// Answers under way, while files change under them.
    private var held: [(number: Int, object: CachedObject)] = []
    /// By source: what was filled before must not be in the folder.
    private var erased: [Int: Revision] = [:]

    private static let limit = 1 << 20
    private static let keys = 1_500

    init(_ generator: SeededGenerator) throws {
        self.generator = generator
        for number in 0..<Self.keys { numbers[CacheKey(number)] = number }
        cache = try Self.open(folder, journal)
        outOfOrderBefore = 0
    }

    private static func open(_ folder: TemporaryFolder, _ journal: TestJournal) throws -> ObjectCache {
        try smallCache(folder, journal, diskBytes: limit, memoryBytes: 100 << 10) {
            $0.segmentBytes = 32 << 10
            $0.fileBodyBytes = 6 << 10
        }
    }

    private mutating func random(_ range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }

    /// Popular numbers are small.
    private mutating func randomKey() -> Int {
        min(random(0..<Self.keys), random(0..<Self.keys))
    }

    private mutating func check(_ condition: Bool, _ what: String) {
        guard !condition else { return }
        isBroken = true
        Issue.record(Comment(rawValue: what))
    }

    mutating func step() async throws {
        switch random(0..<1000) {
        case 0..<500: try await store()
        case 500..<950: try lookup(randomKey())
        case 950..<970: try purge()
        case 970..<975: await sweep()
        case 975..<982: remove(randomKey())
        case 982..<987: try await reclaim()
        case 987..<992: try await reopen()
        case 992..<998: try await crash()
        case 998: try await raiseFloor()
        default: if random(0..<4) == 0 { try await removeAll() }
        }
    }

    /// - Parameter isAlone: whether the model may look at the cache's order afterwards.
    private mutating func store(isAlone: Bool = true) async throws {
        let number = randomKey()
        let applied = journal.rules.applied
        let isLate = random(0..<10) == 0 && isAlone
        // Whether an older fill is refused depends on what the writer has evicted.
        if isLate { await settle() }
        let fill = Revision(rawValue: isLate ? UInt64(random(0..<Int(applied.rawValue) + 1)) : applied.rawValue)
        nextVersion += 1
        let size = random(0..<20) == 0 ? random(6 << 10..<40 << 10) : random(32..<5 << 10)
        let head = metadata(number, version: nextVersion, fill: fill.rawValue, tags: random(0..<4) == 0 ? ["tag"] : [])
        let result = cache.store(CacheKey(number), head, body: markedBody(number, version: nextVersion, size: size, fill: fill))
        var expected = StoreResult.stored
        if fill < floor {
            expected = .notStored(.belowFloor)
        } else if case .refused(let revision) = journal.rules.check(head.scope, filledAt: fill).verdict {
            expected = .notStored(.refused(by: revision))
        } else if let present = entries[number], present.fill > fill {
            expected = .notStored(.superseded)
        }
        check(result == expected, "store of \(number): \(result), not \(expected)")
        if result == .stored {
            entries[number] = Entry(version: nextVersion, fill: fill, scope: head.scope, size: size)
            use(number)
        }
        if isAlone, random(0..<3) > 0 { await settle() }
    }

    /// Waits for the writer, takes over what it evicted, and checks order and limit.
    /// - Parameter lost: Bytes that may have gone since the writer evicted.
    private mutating func settle(sparing lost: Int = 0) async {
        await cache.flush()
        let found = cache.order.compactMap { numbers[$0] }
        let gone = order.count - found.count
        // Answers hold the room that compacting would need: a segment went as a whole.
        let outOfOrder = cache.statistics.evictionsOutOfOrder
        let isExcused = outOfOrder > outOfOrderBefore
        outOfOrderBefore = outOfOrder
        check(
            gone >= 0 && (Array(order.suffix(found.count)) == found || isExcused && isInOrder(found)),
            "the order is not that of a recency list: \(found.suffix(5)) of \(found.count), not \(order.suffix(5)) of "
                + "\(order.count); \(cache.statistics)")
        let kept = Set(found)
        for number in order where !kept.contains(number) { entries[number] = nil }
        evictions += max(gone, 0)
        order = found
        let used = folder.allocatedBytes
        check(used <= Self.limit, "\(used) bytes on the disk, more than the limit")
        let stated = cache.statistics
        check(stated.diskBytes >= used, "\(used) bytes on the disk, but \(stated.diskBytes) are stated")
        check(gone == 0 || stated.liveBytes + lost > Self.limit / 2, "evicted \(gone) down to \(stated.liveBytes) bytes: \(stated)")
        check(stated.deadBytes <= Self.limit / 5 + (33 << 10), "\(stated.deadBytes) dead bytes")
    }

    /// Whether they are some of the model's, in its order.
    private func isInOrder(_ found: [Int]) -> Bool {
        var rest = order[...]
        return found.allSatisfy { number in
            guard let place = rest.firstIndex(of: number) else { return false }
            rest = rest[(place + 1)...]
            return true
        }
    }

    private mutating func use(_ number: Int) {
        order.removeAll { $0 == number }
        order.append(number)
    }

    private mutating func forget(_ number: Int) {
        order.removeAll { $0 == number }
        entries[number] = nil
    }

    private mutating func lookup(_ number: Int) throws {
        let result = cache.lookup(CacheKey(number))
        guard let entry = entries[number] else {
            return check(result.reason == .absent, "\(number) is absent, but: \(result)")
        }
        if entry.fill < floor {
            forget(number)
            // Absent: evicted since the last look at the order.
            return check([.belowFloor, .absent].contains(result.reason), "\(number) is below the floor, but: \(result)")
        }
        switch journal.rules.check(entry.scope, filledAt: entry.fill).verdict {
        case .refused(let revision):
            forget(number)
            refusals += 1
            check(
                [.refused(by: revision), .absent].contains(result.reason),
                "\(number) is refused by \(revision), but: \(result)")
        case .valid, .stale:
            guard let object = result.object else {
                // Evicted since the last look at the order; that it was the oldest is checked there.
                guard result.reason == .absent else { return check(false, "\(number): \(result)") }
                return
            }
            hits += 1
            let version = "\"\(number)-\(entry.version)\""
            check(object.metadata.entityTag == version, "\(number): \(object.metadata.entityTag), not \(version)")
            check(object.body.count == entry.size, "\(number): \(object.body.count) bytes, not \(entry.size)")
            check(try object.hasMarkedBytes(number), "\(number): wrong bytes")
            if case .file = object.body, random(0..<4) == 0 {
                held.append((number, object))
                // Files that are read count though they have no name: too many would leave no room.
                if held.count > 2 { held.removeFirst() }
            }
            if case .stale(let by) = journal.rules.check(entry.scope, filledAt: entry.fill).verdict {
                check(object.staleBy == by, "\(number): stale by \(String(describing: object.staleBy)), not \(by)")
            } else {
                check(object.staleBy == nil, "\(number): stale by \(String(describing: object.staleBy))")
            }
            use(number)
        }
    }

    private mutating func purge() throws {
        // Of what is there as often as not, or too few look-ups would meet a purge.
        let number = order.isEmpty || random(0..<2) == 0 ? randomKey() : order[random(0..<order.count)]
        let kind: CommandKind = [.hardPurge, .softPurge, .erase, .lift][random(0..<4)]
        switch random(0..<200) {
        case 0: try journal.append(kind, .all)
        case 1..<4: try journal.append(kind, .tag("tag"))
        case 4..<20: try journal.append(kind, .source([source(number % 10)]))
        default: try journal.append(kind, .url([Digest128(high: 0, low: UInt64(number))]))
        }
    }

    private mutating func sweep() async {
        await settle()
        let result = await cache.sweep()
        var gone = 0
        for (number, entry) in entries {
            let verdict = journal.rules.check(entry.scope, filledAt: entry.fill).verdict
            var isRefused = entry.fill < floor
            if case .refused = verdict { isRefused = true }
            guard isRefused else { continue }
            forget(number)
            gone += 1
        }
        check(result.removed == gone, "the sweep removed \(result.removed), not \(gone)")
        check(result.through == journal.rules.applied, "the sweep says \(result.through)")
        await settle()
    }

    /// An erase of two sources is carried out: no file, with a name or without, has a byte of theirs any more, and answers
    /// of other objects that are under way read what they read before.
    private mutating func reclaim() async throws {
        if random(0..<2) == 0 { await settle() }
        let sources = [random(0..<10), random(0..<10)]
        let erases = try sources.map {
            Erasure(revision: try journal.append(.erase, .source([source($0)])), sources: [source($0)])
        }
        async let pass = cache.reclaim(erases)
        // What the writer compacts and evicts in the meantime must not escape the pass.
        for _ in 0..<random(0..<60) { try await store(isAlone: false) }
        let done = try await pass
        check(done.map(\.revision) == erases.map(\.revision), "reclaimed \(done)")
        reclaimed += done.reduce(0) { $0 + $1.objects }
        for (number, erase) in zip(sources, erases) { erased[number] = erase.revision }
        for (number, entry) in entries {
            guard let erase = erased[number % 10], entry.fill < erase else { continue }
            forget(number)
        }
        // Evictions during the burst came before the pass was over.
        await settle(sparing: done.reduce(0) { $0 + $1.bytes })
        try checkErased(in: folder)
        for (number, object) in held where sources.contains(number % 10) {
            guard case .file(let region) = object.body else { continue }
            check(try region.isZero(), "\(number) is erased, but an open file has its bytes")
        }
        held.removeAll { sources.contains($0.number % 10) }
        for (number, object) in held { check(try object.hasMarkedBytes(number), "\(number): a broken answer under way") }
        let again = try await cache.reclaim(erases)
        check(again.allSatisfy { $0.objects == 0 }, "reclaimed again: \(again)")
        let found = try await cache.records(of: sources.map(source))
        // The burst above has filled some anew.
        check(found.allSatisfy { $0.fillRevision >= erases[0].revision }, "there still: \(found)")
    }

    /// Every body carries a marker with its source and its fill's revision.
    private mutating func checkErased(in folder: TemporaryFolder) throws {
        for name in try folder.files("") {
            // A segment may go between the listing and the look.
            guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: name)) else { continue }
            for (source, fill) in BodyMarker.all(in: bytes) {
                guard let erase = erased[source], fill < erase else { continue }
                check(false, "\(name) has bytes of source \(source) of revision \(fill), erased by \(erase)")
            }
        }
    }

    private mutating func remove(_ number: Int) {
        let isThere = entries[number] != nil
        let wasThere = cache.remove(CacheKey(number))
        check(wasThere == isThere || isThere, "\(number) was there, but is not in the model")
        forget(number)
    }

    private mutating func reopen() async throws {
        reopenings += 1
        await settle()
        await cache.shutdown()
        // The start refuses what lies below the floor.
        for (number, entry) in entries where entry.fill < floor { forget(number) }
        let before = order
        held = []
        cache = try Self.open(folder, journal)
        outOfOrderBefore = 0
        try checkErased(in: folder)
        let after = cache.order.compactMap { numbers[$0] }
        check(after == before, "after a clean stop: \(before.count) objects in order, then \(after.count)")
        await settle()
    }

    private mutating func crash() async throws {
        crashes += 1
        await settle()
        if random(0..<2) == 0 { await cache.checkpoint() }
        let copy = try folder.crashedAtRest()
        await cache.shutdown()
        folder = copy
        held = []
        try checkErased(in: folder)
        cache = try Self.open(folder, journal)
        outOfOrderBefore = 0
        for number in cache.order.compactMap({ numbers[$0] }) where entries[number] == nil {
            // Came back: removed or evicted before the crash. Right bytes, and allowed by the rules, all the same.
            if let object = cache.lookup(CacheKey(number)).object {
                check(try object.hasMarkedBytes(number), "\(number) came back with wrong bytes")
                let verdict = journal.rules.check(object.metadata.scope, filledAt: object.metadata.fillRevision).verdict
                if case .refused = verdict { check(false, "\(number) came back although it is refused") }
                check(object.metadata.fillRevision >= floor, "\(number) came back from below the floor")
            }
            cache.remove(CacheKey(number))
        }
        let found = cache.order.compactMap { numbers[$0] }
        let expected = entries.filter { $0.value.fill >= floor }.keys
        check(Set(found).isSuperset(of: expected), "lost in the crash: \(Set(expected).subtracting(found).sorted())")
        for number in Array(entries.keys) where !found.contains(number) { forget(number) }
        order = found
    }

    private mutating func raiseFloor() async throws {
        await settle()
        let applied = journal.rules.applied.rawValue
        let revision = Revision(rawValue: applied > 100 ? applied - 100 : 0)
        try await cache.raiseFloor(to: revision)
        floor = max(floor, revision)
        check(cache.floor == floor, "the floor is \(cache.floor), not \(floor)")
    }

    private mutating func removeAll() async throws {
        await settle()
        try await cache.removeAll()
        entries = [:]
        order = []
        floor = .zero
        // Not even a crash at this moment brings anything back.
        let copy = try folder.crashed()
        let other = try Self.open(copy, journal)
        check(other.order.isEmpty, "after emptying and a crash something is back")
        await other.shutdown()
        await settle()
    }
}

/// 32 bytes in the middle of a body that say which source it is of and when it was filled.
private enum BodyMarker {
    private static let magic = Array("vignette-marker:".utf8)

    static func bytes(source: Int, fill: Revision) -> [UInt8] {
        var bytes = LittleEndianBytes(reserving: 32)
        for byte in magic { bytes.append(byte) }
        bytes.append(UInt64(source))
        bytes.append(fill.rawValue)
        return bytes.bytes
    }

    static func all(in data: Data) -> [(source: Int, fill: Revision)] {
        var found: [(Int, Revision)] = []
        var rest = data.startIndex..<data.endIndex
        while let match = data.range(of: Data(magic), in: rest), match.lowerBound + 32 <= data.endIndex {
            Array(data[match.upperBound..<match.lowerBound + 32]).withUnsafeBytes {
                found.append((Int($0.u64(0)), Revision(rawValue: $0.u64(8))))
            }
            rest = match.lowerBound + 32..<data.endIndex
        }
        return found
    }
}

private func markedBody(_ number: Int, version: Int, size: Int, fill: Revision) -> SharedBytes {
    var bytes = body(number, version: version, size: size).array
    let start = (size - 32) / 2
    bytes.replaceSubrange(start..<start + 32, with: BodyMarker.bytes(source: number % 10, fill: fill))
    return SharedBytes(bytes)
}

extension CachedObject {
    /// From the entity tag and the fill's revision: what the body must be.
    fileprivate func hasMarkedBytes(_ number: Int) throws -> Bool {
        let version = metadata.entityTag.dropLast().split(separator: "-").last.flatMap { Int($0) }
        guard let version, metadata.entityTag == "\"\(number)-\(version)\"" else { return false }
        let bytes = try body.bytes().array
        return bytes == markedBody(number, version: version, size: bytes.count, fill: metadata.fillRevision).array
    }
}

extension FileRegion {
    fileprivate func isZero() throws -> Bool {
        var bytes = [UInt8](repeating: 1, count: count)
        try #require(pread(descriptor, &bytes, count, off_t(offset)) == count)
        return bytes.allSatisfy { $0 == 0 }
    }
}
