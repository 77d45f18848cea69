import CacheProtocol
import Testing

@testable import ObjectCache

@Suite struct ShardIndexTests {
    /// Keys that collide in every bit that the table looks at, among others.
    private func key(_ number: Int) -> CacheKey {
        CacheKey(Digest128(high: UInt64(number), low: UInt64(number % 50)))
    }

    @Test func findsWhatADictionaryFinds() {
        var generator = SeededGenerator.printed("shard index")
        var index = ShardIndex(memoryBudget: 0)
        var (plain, stamp): ([CacheKey: UInt64], UInt64) = ([:], 0)
        for _ in 0..<50_000 {
            let key = key(Int.random(in: 0..<2_000, using: &generator))
            let slot = index.find(key)
            #expect((slot != nil) == (plain[key] != nil))
            stamp += 1
            if let slot {
                #expect(index.entry(slot).pointee.stamp == plain[key])
                if Bool.random(using: &generator) {
                    _ = index.remove(slot)
                    plain[key] = nil
                } else {
                    index.touch(slot, stamp: stamp)
                    plain[key] = stamp
                }
            } else {
                _ = index.insert(
                    IndexEntry(key: key, stamp: stamp, extent: 64, fill: .zero, checkedThrough: .zero), pending: nil)
                plain[key] = stamp
            }
            #expect(index.count == plain.count)
            #expect(index.liveBytes == plain.count * 64)
        }
        #expect(index.candidateStamp == plain.values.min())
        for key in plain.keys { #expect(index.find(key) != nil) }
    }

    @Test func anEntryIs56Bytes() {
        #expect(MemoryLayout<IndexEntry>.stride == 56)
    }

    @Test func anObjectCostsAtMost64Bytes() {
        // In the worst moment too: just after a table has grown.
        for count in stride(from: 20_000, through: 60_000, by: 2_500) {
            var index = ShardIndex(memoryBudget: 0)
            for number in 0..<count {
                var generator = SeededGenerator(UInt64(number))
                let key = CacheKey(Digest128(high: generator.next(), low: generator.next()))
                _ = index.insert(
                    IndexEntry(key: key, stamp: UInt64(number + 1), extent: 64, fill: .zero, checkedThrough: .zero),
                    pending: nil)
            }
            #expect(index.allocatedBytes <= count * 64, "\(Double(index.allocatedBytes) / Double(count)) at \(count)")
        }
    }

    @Test func revisionsThatDoNotFitAreTakenForOlder() {
        let huge = Revision(rawValue: 1 << 40)
        let entry = IndexEntry(key: key(1), stamp: 1, extent: 64, fill: huge, checkedThrough: huge)
        #expect(entry.fillAtMost < huge)
        #expect(entry.checkedThrough < huge)
    }

    @Test func theMemoryTierKeepsItsBudgetAndDropsTheOldest() {
        var tier = MemoryTier(budget: 4_000)
        func record(_ size: Int) -> CachedRecord {
            CachedRecord(metadata: metadata(1), content: .memory(SharedBytes([UInt8](repeating: 0, count: size))))
        }
        let slots = (0..<3 as Range<UInt32>).map { tier.insertPending(record(100), entry: $0) }
        #expect(tier.residentCost == 0, "what waits for the writer is counted elsewhere")
        for slot in slots { #expect(tier.makeResident(slot).isEmpty) }
        tier.touch(slots[0])
        let next = tier.insertPending(record(1_000), entry: 9)
        #expect(tier.makeResident(next) == [1, 2])
        #expect(tier.residentCost <= 4_000)
        let tooLarge = tier.insertPending(record(5_000), entry: 10)
        #expect(tier.makeResident(tooLarge) == [0, 9, 10])
        #expect(tier.residentCost == 0)
    }
}
