import CacheProtocol
import Testing

@testable import ObjectCache

/// The placement alone, driven like the writer drives it, against a list of records in the order of their age.
@Suite struct PlacementTests {
    @Test func keepsItsInvariantsWhateverIsAppendedAndDies() {
        var generator = SeededGenerator.printed("placement")
        let limit = 1 << 20
        var placement = Placement(limit: limit, segmentBytes: 32 << 10, extentLimit: 128 << 10)
        var (records, number): ([(location: RecordLocation, extent: Int)], UInt32) = ([], 0)
        var (compactions, evictions, gaps) = (0, 0, 0)

        func open() {
            number += 1
            placement.opened(number)
        }
        func unlink(_ number: UInt32) {
            placement.unlinked(number)
            placement.released(number)
        }
        for _ in 0..<20_000 {
            let longest = Int.random(in: 0..<4, using: &generator) == 0 ? 60_000 : 8_000
            let extent = RecordFormat.aligned(Int.random(in: 64..<longest, using: &generator))
            asking: while true {
                let (before, live) = (placement.used, placement.live)
                let action = placement.next(appending: extent)
                switch action {
                case .append: break asking
                case .open: open()
                case .seal: placement.sealed()
                case .evict:
                    let victim = records.removeFirst()
                    placement.died(DeadRecord(key: CacheKey(0), location: victim.location, extent: victim.extent))
                    evictions += 1
                    #expect(placement.live < live)
                case .giveBack(let record):
                    #expect(!records.contains { $0.location == record.location })
                    let offset = record.location.offset
                    let freed = ((offset + record.extent) & ~4095) - ((offset + GapHead.size + 4095) & ~4095)
                    placement.punched(record.location.segment, bytes: max(0, freed))
                    #expect(placement.used < before)
                    gaps += 1
                case .unlink(let number):
                    #expect(!records.contains { $0.location.segment == number })
                    unlink(number)
                case .compact(let number):
                    for place in records.indices where records[place].location.segment == number {
                        moving: while true {
                            switch placement.next(moving: records[place].extent) {
                            case .append: break moving
                            case .open: open()
                            case .seal: placement.sealed()
                            default:
                                Issue.record("no room for what is moved")
                                return
                            }
                        }
                        #expect(placement.used <= limit)
                        guard let target = placement.appended(records[place].extent) else { return }
                        let (location, extent) = records[place]
                        placement.died(DeadRecord(key: CacheKey(0), location: location, extent: extent))
                        records[place].location = target
                    }
                    #expect(placement.segments[number]?.live == 0)
                    unlink(number)
                    compactions += 1
                    #expect(placement.used <= before + 4096)
                case .abandon, .refuse:
                    Issue.record("\(action)")
                    return
                }
            }
            guard let location = placement.appended(extent) else { return }
            records.append((location, extent))
            #expect(placement.used <= limit - placement.reserve)
            #expect(placement.dead * 5 <= limit)
            #expect(placement.live == records.reduce(0) { $0 + $1.extent })
            // Some are used again, some are purged.
            if Int.random(in: 0..<3, using: &generator) == 0 {
                records.append(records.remove(at: Int.random(in: 0..<records.count, using: &generator)))
            }
            if Int.random(in: 0..<10, using: &generator) == 0 {
                let gone = records.remove(at: Int.random(in: 0..<records.count, using: &generator))
                placement.died(DeadRecord(key: CacheKey(0), location: gone.location, extent: gone.extent))
            }
        }
        #expect(evictions > 0 && compactions > 0 && gaps > 0)
        #expect(placement.live > limit / 2)
    }

    @Test func whatIsUnlinkedButReadStillCounts() {
        var placement = Placement(limit: 1 << 20, segmentBytes: 64 << 10, extentLimit: 1 << 20)
        placement.opened(1)
        _ = placement.appended(600 << 10)
        placement.sealed()
        placement.died(DeadRecord(key: CacheKey(0), location: RecordLocation(segment: 1, offset: 40), extent: 600 << 10))
        #expect(placement.next(appending: 500 << 10) == .unlink(1))
        placement.unlinked(1)
        #expect(placement.next(appending: 500 << 10) == .refuse)
        #expect(placement.next(appending: 100 << 10) == .open)
        placement.released(1)
        #expect(placement.next(appending: 500 << 10) == .open)
    }

    /// All that is unlinked is held by somebody who reads slowly: what is there stays, but for a part, and what comes is not
    /// stored.
    @Test(arguments: [false, true]) func slowReadersDriveOutLittle(oldestFirst: Bool) {
        var generator = SeededGenerator.printed("slow readers")
        let limit = 1 << 20
        var placement = Placement(limit: limit, segmentBytes: 16 << 10, extentLimit: 128 << 10)
        var (records, number, held): ([(location: RecordLocation, extent: Int)], UInt32, [UInt32]) = ([], 0, [])

        func die(_ place: Int) {
            let (location, extent) = records.remove(at: place)
            placement.died(DeadRecord(key: CacheKey(0), location: location, extent: extent))
        }
        func open() {
            number += 1
            placement.opened(number)
        }
        func unlink(_ number: UInt32, isHeld: Bool) {
            placement.unlinked(number)
            if isHeld { held.append(number) } else { placement.released(number) }
        }
        func compact(_ number: UInt32) {
            for place in records.indices where records[place].location.segment == number {
                let (location, extent) = records[place]
                while case let step = placement.next(moving: extent), step != .append {
                    if step == .open { open() } else { placement.sealed() }
                }
                records[place].location = placement.appended(extent) ?? location
                placement.died(DeadRecord(key: CacheKey(0), location: location, extent: extent))
            }
        }
        /// - Returns: whether it was stored.
        func store(areHeld: Bool) -> Bool {
            let extent = RecordFormat.aligned(Int.random(in: 500..<3_000, using: &generator))
            while true {
                switch placement.next(appending: extent) {
                case .append:
                    records.append((placement.appended(extent)!, extent))  // it has just said so
                    return true
                case .open: open()
                case .seal: placement.sealed()
                case .evict: die(oldestFirst ? 0 : Int.random(in: records.indices, using: &generator))
                case .unlink(let number): unlink(number, isHeld: areHeld)
                case .compact(let number):
                    compact(number)
                    unlink(number, isHeld: areHeld)
                case .abandon(let number):
                    for place in records.indices.reversed() where records[place].location.segment == number { die(place) }
                case .giveBack, .refuse: return false
                }
            }
        }
        for _ in 0..<3_000 { #expect(store(areHeld: false)) }
        let full = placement.live
        var refused = 0
        for _ in 0..<3_000 {
            if !store(areHeld: true) { refused += 1 }
            #expect(placement.used <= limit)
        }
        #expect(refused > 0)
        #expect(placement.live > full * 3 / 4, "\(placement.live) of \(full)")
        for number in held { placement.released(number) }
        for _ in 0..<3_000 { #expect(store(areHeld: false)) }
        #expect(placement.live > full * 9 / 10)
    }

    @Test func objectsAreNotCountedForEachRecord() {
        var (bound, asked) = (ObjectBound(), 0)
        for written in 0..<1_000 {
            let known = bound.next {
                asked += 1
                // The one that is about to be written waits.
                return written + 1
            }
            #expect((written + 1..<written + 1 + ObjectBound.rest).contains(known))
        }
        #expect(asked == (1_000 + ObjectBound.rest - 1) / ObjectBound.rest)
    }

    @Test func aFileThatWillNotGoIsNotAskedForAgain() {
        var placement = Placement(limit: 1 << 20, segmentBytes: 64 << 10, extentLimit: 1 << 20)
        placement.opened(1)
        _ = placement.appended(500 << 10)
        placement.sealed()
        placement.died(DeadRecord(key: CacheKey(0), location: RecordLocation(segment: 1, offset: 40), extent: 500 << 10))
        #expect(placement.tidying() == .unlink(1))
        placement.keptInPlace(1)
        #expect(placement.tidying() == nil)
        #expect(placement.next(appending: 600 << 10) == .refuse)
        #expect(placement.next(appending: 64) == .open)
    }
}
