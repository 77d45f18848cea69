import CacheProtocol
import Foundation
import Synchronization
import Testing

@testable import ObjectCache

/// What goes when room is needed, against a plain list. `VIGNETTE_SEED` replays a run.
@Suite struct EvictionTests {
    @Test(arguments: EvictionPolicy.allCases)
    func evictsWhatAPlainListWould(_ policy: EvictionPolicy) async throws {
        var replay = try EvictionReplay(policy, SeededGenerator.printed("eviction by \(policy)"))
        for _ in 0..<6_000 {
            try await replay.step()
            if replay.isBroken { break }
        }
        await replay.cache.shutdown()
        let counts = [replay.hits, replay.evictions, replay.spared, replay.reopenings, replay.crashes]
        #expect(replay.evictions > 500 && counts.allSatisfy { $0 > 0 }, "\(counts)")
    }

    /// Entries that are copied late carry stamps that the checkpoint's head knows nothing of.
    @Test func aStampIsNotGivenTwiceThoughHitsGoOnWhileACheckpointIsWritten() async throws {
        let (folder, journal, moment) = (TemporaryFolder(inMemory: true), TestJournal(), FirstPiece())
        let configuration = ObjectCacheConfiguration(
            folder: folder.path, diskBytes: 32 << 20, memoryBytes: 0, shards: 2, checkpointMilliseconds: 1_000_000)
        let cache = try ObjectCache(
            configuration: configuration, rules: journal.rules, expecting: [], changes: FileChanges { moment.hear($0) },
            report: { _ in })
        await cache.checkpoint()
        // A piece of the checkpoint holds 6,000, so that the first shard's entries make one.
        for number in 0..<14_000 { cache.store(CacheKey(number), metadata(number), body: body(number, size: 8)) }
        await cache.flush()
        let late = (0..<14_000).filter { cache.core.shard(CacheKey($0)) === cache.core.shards[1] }
        moment.tell { for number in late[..<10] { #expect(cache.lookup(CacheKey(number)).object != nil) } }
        await cache.checkpoint()
        #expect(moment.isOver)
        let copy = try folder.crashed()
        await cache.shutdown()
        let again = try smallCache(copy, journal, diskBytes: 32 << 20) { $0.shards = 2 }
        #expect(again.order.last == CacheKey(late[9]))
        #expect(again.lookup(CacheKey(late[99])).object != nil)
        #expect(again.order.last == CacheKey(late[99]))
        await again.shutdown()
    }

    @Test func aFolderMayChangeItsPolicy() async throws {
        let (folder, journal) = (TemporaryFolder(), TestJournal())
        let first = try smallCache(folder, journal)
        for number in 0..<50 { first.store(CacheKey(number), metadata(number), body: body(number, size: 1_000)) }
        await first.shutdown()
        let sieve = try smallCache(folder, journal) { $0.eviction = .sieve }
        for number in (0..<50).reversed() { #expect(sieve.lookup(CacheKey(number)).object != nil) }
        await sieve.shutdown()
        // Hits moved nothing, so the order is still that of the stores.
        let again = try smallCache(folder, journal)
        #expect(again.order == (0..<50).map { CacheKey($0) })
        #expect(again.statistics.corruptions == 0)
        await again.shutdown()
    }

    /// Or an eviction would not end while everything is asked for again and again.
    @Test func theHandTakesAnythingAfterALapWithoutAFind() throws {
        var index = ShardIndex(memoryBudget: 0, eviction: .sieve)
        let slots = (1...3 as ClosedRange<UInt64>).map { stamp in
            var entry = IndexEntry(key: CacheKey(Int(stamp)), stamp: stamp, extent: 64, fill: .zero, checkedThrough: .zero)
            entry.location = RecordLocation(segment: 1, offset: Int(stamp) * 64)
            return index.insert(entry, pending: nil)
        }
        for slot in slots {
            for slot in slots { index.touch(slot, stamp: 9) }
            #expect(index.order.candidate == slot)
            let isCondemned = index.order.condemns(slot, sparesNone: false)
            #expect(!isCondemned)
        }
        #expect(index.order.candidate == nil)
        index.order.rewind()
        for slot in slots { index.touch(slot, stamp: 9) }
        #expect(index.order.candidate == slots[0])
        let isCondemned = index.order.condemns(slots[0], sparesNone: true)
        #expect(isCondemned)
    }

    /// It gives no room, and as SIEVE is published a newcomer comes in after room was made.
    @Test func theHandPassesWhatWaitsToBeWritten() {
        var index = ShardIndex(memoryBudget: 0, eviction: .sieve)
        let record = CachedRecord(metadata: metadata(1), content: .memory(body(1, size: 10)))
        let entry = IndexEntry(key: CacheKey(1), stamp: 1, extent: 64, fill: .zero, checkedThrough: .zero)
        let slot = index.insert(entry, pending: record)
        let isCondemnedFirst = index.order.condemns(slot, sparesNone: false)
        #expect(!isCondemnedFirst && index.order.candidate == nil)
        index.entry(slot).pointee.location = RecordLocation(segment: 1, offset: 64)
        index.order.rewind()
        let isCondemnedWritten = index.order.condemns(slot, sparesNone: false)
        #expect(isCondemnedWritten)
    }
}

/// A list from the oldest to the newest, and SIEVE's hand as a place in it.
private struct PlainOrder {
    let policy: EvictionPolicy
    private(set) var list: [(number: Int, isVisited: Bool)] = []
    private var hand = 0
    private(set) var spared = 0

    init(_ policy: EvictionPolicy) { self.policy = policy }

    func place(_ number: Int) -> Int? { list.firstIndex { $0.number == number } }

    mutating func use(_ number: Int) {
        guard let place = place(number) else { return }
        switch policy {
        case .lru: list.append(list.remove(at: place))
        case .sieve: list[place].isVisited = true
        }
    }

    mutating func insert(_ number: Int) {
        remove(number)
        list.append((number, false))
    }

    mutating func remove(_ number: Int) {
        guard let place = place(number) else { return }
        list.remove(at: place)
        if place < hand { hand -= 1 }
    }

    /// - Parameter newcomer: what is being stored; SIEVE does not judge it.
    mutating func evict(for newcomer: Int) {
        guard policy == .sieve else { return _ = list.removeFirst() }
        while true {
            if hand == list.count { hand = 0 }
            let next = list[hand]
            if next.number != newcomer, !next.isVisited {
                list.remove(at: hand)
                return
            }
            if next.isVisited { spared += 1 }
            list[hand].isVisited = false
            hand += 1
        }
    }
}

private struct EvictionReplay {
    private var generator: SeededGenerator
    private var folder = TemporaryFolder(inMemory: true)
    private let journal = TestJournal()
    private(set) var cache: ObjectCache
    private var plain: PlainOrder
    private(set) var isBroken = false
    private(set) var (hits, evictions, reopenings, crashes) = (0, 0, 0, 0)
    var spared: Int { plain.policy == .sieve ? plain.spared : 1 }
    private let keys = (0..<1_500).map { CacheKey($0) }

    init(_ policy: EvictionPolicy, _ generator: SeededGenerator) throws {
        self.generator = generator
        plain = PlainOrder(policy)
        cache = try Self.open(folder, journal, policy)
    }

    private static func open(
        _ folder: TemporaryFolder, _ journal: TestJournal, _ policy: EvictionPolicy
    ) throws -> ObjectCache {
        try smallCache(folder, journal, diskBytes: 1 << 20, memoryBytes: 100 << 10) {
            $0.segmentBytes = 32 << 10
            $0.fileBodyBytes = 6 << 10
            $0.eviction = policy
        }
    }

    private mutating func random(_ range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }

    private mutating func check(_ condition: Bool, _ what: @autoclosure () -> String) {
        guard !condition else { return }
        isBroken = true
        Issue.record(Comment(rawValue: what()))
    }

    mutating func step() async throws {
        // Popular numbers are small.
        let number = min(random(0..<keys.count), random(0..<keys.count))
        switch random(0..<1000) {
        case 0..<350: await store(number)
        case 350..<970:
            let isThere = plain.place(number) != nil
            let isFound = cache.lookup(keys[number]).object != nil
            check(isFound == isThere, "\(number) is \(isFound ? "" : "not ")found, and should be the other")
            plain.use(number)
            if isFound { hits += 1 }
        case 970..<980:
            check(cache.remove(keys[number]) == (plain.place(number) != nil), "\(number) removed")
            plain.remove(number)
        case 980..<990:
            reopenings += 1
            await cache.shutdown()
            cache = try Self.open(folder, journal, plain.policy)
            checkOrder("after a clean stop")
        default:
            crashes += 1
            await cache.checkpoint()
            let copy = try folder.crashed()
            await cache.shutdown()
            folder = copy
            cache = try Self.open(folder, journal, plain.policy)
            checkOrder("after a crash")
        }
    }

    private mutating func store(_ number: Int) async {
        let before = cache.statistics.evictions
        let size = random(0..<20) == 0 ? random(6 << 10..<40 << 10) : random(32..<5 << 10)
        let result = cache.store(keys[number], metadata(number), body: body(number, size: size))
        check(result == .stored, "\(number): \(result)")
        await cache.flush()
        plain.insert(number)
        let evicted = cache.statistics.evictions - before
        for _ in 0..<evicted { plain.evict(for: number) }
        evictions += evicted
        if evicted > 0 { checkOrder("after evicting \(evicted)") }
    }

    private mutating func checkOrder(_ moment: String) {
        let (found, expected) = (cache.order, plain.list.map { keys[$0.number] })
        check(found == expected, "\(moment): \(found.count) objects, not the \(expected.count) of the list in its order")
    }
}

/// Comes once, as the first piece of a checkpoint has been written.
private final class FirstPiece: Sendable {
    private let state = Mutex<(action: (@Sendable () -> Void)?, file: UInt64?)>((nil, nil))

    func tell(_ action: @escaping @Sendable () -> Void) { state.withLock { $0 = (action, nil) } }

    var isOver: Bool { state.withLock { $0.action == nil } }

    func hear(_ change: FileChange) {
        let action: (@Sendable () -> Void)? = state.withLock { state in
            switch change {
            case .create(let path, let file) where path.hasSuffix("/index.new"): state.file = file
            case .write(_, _, state.file):
                defer { state.action = nil }
                return state.action
            default: break
            }
            return nil
        }
        action?()
    }
}
