import CacheProtocol
import Testing

@testable import ObjectCache

/// The placement on a disk that holds less than the limit.
@Suite struct PlacementDiskTests {
    /// Eight sealed segments of eight records each, 64 KiB long.
    private func filled() -> Placement {
        var placement = Placement(limit: 64 << 20, segmentBytes: 72 << 10, extentLimit: 8 << 20)
        for number in 1...8 as ClosedRange<UInt32> {
            placement.opened(number)
            for _ in 0..<8 { _ = placement.appended(8 << 10) }
            placement.sealed()
        }
        return placement
    }

    @Test func whatIsFreeOnTheDiskLowersTheLimitAndRaisesItAgain() {
        var placement = filled()
        #expect(placement.limit == 64 << 20)
        placement.measured((bytes: 1 << 20, files: nil), checkpoint: 0)
        let used = 8 * CacheFolder.blocks(SegmentHeader.size + (64 << 10))
        #expect(placement.limit == used + (1 << 20) - DiskRoom.slack)
        #expect(placement.next(appending: 8 << 10) == .open)
        // A record that would drive out much of what there is.
        #expect(placement.next(appending: 1 << 20) == .refuse)
        placement.measured((bytes: 200 << 20, files: nil), checkpoint: 0)
        #expect(placement.limit == 64 << 20)
    }

    @Test func withRoomToCompactTheLeastUsedGivesWay() {
        var placement = filled()
        placement.measured((bytes: 96 << 10, files: nil), checkpoint: 0)
        #expect(placement.next(appending: 8 << 10) == .evict)
        placement.died(5, in: 3)
        #expect(placement.next(appending: 8 << 10) == .compact(3))
    }

    @Test func withoutRoomToCompactOneSegmentGivesWay() {
        var placement = filled()
        placement.died(1, in: 5)
        placement.measured((bytes: 0, files: nil), checkpoint: 0)
        #expect(placement.next(appending: 8 << 10) == .abandon(5))
        placement.died(7, in: 5)
        #expect(placement.next(appending: 8 << 10) == .unlink(5))
        placement.unlinked(5)
        placement.released(5)
        // What was given up is free on the disk now.
        placement.measured((bytes: 68 << 10, files: nil), checkpoint: 0)
        #expect(placement.next(appending: 8 << 10) != .refuse)
    }

    @Test func theLastFilesAreKeptForCompactionAndTheCheckpoint() {
        var placement = filled()
        placement.measured((bytes: 10 << 20, files: 3), checkpoint: 0)
        #expect(placement.next(appending: 8 << 10) == .open)
        placement.opened(9)
        #expect(placement.next(appending: 8 << 10) == .append)
        for _ in 0..<8 { _ = placement.appended(8 << 10) }
        #expect(placement.next(appending: 8 << 10) == .evict)
        placement.died(5, in: 2)
        #expect(placement.next(appending: 8 << 10) == .compact(2))
        #expect(placement.next(moving: 8 << 10) == .seal)
        // None left even for that.
        placement.measured((bytes: 10 << 20, files: 1), checkpoint: 0)
        #expect(placement.next(appending: 8 << 10) == .abandon(2))
    }

    @Test func aWriteThatFindsTheDiskFullLowersTheLimitUntilItIsTriedAgain() {
        var placement = filled()
        let used = placement.used
        placement.foundFull()
        #expect(placement.limit < used)
        let first = placement.limit
        placement.foundFull()
        #expect(placement.limit < first, "each failure lowers it, so that trying ends")
        let steps = (64 << 20) / placement.segmentBytes + 1
        for _ in 0..<steps { placement.tryMore() }
        #expect(placement.limit == 64 << 20)
    }

    @Test func aFileThatWouldNotGoIsAskedForAgainWhenTheDiskAnswers() {
        var placement = filled()
        placement.died(8, in: 4)
        #expect(placement.tidying() == .unlink(4))
        placement.keptInPlace(4)
        #expect(placement.tidying() == nil)
        placement.unstick()
        #expect(placement.tidying() == .unlink(4))
    }
}

extension Placement {
    /// Records of `filled`.
    fileprivate mutating func died(_ count: Int, in segment: UInt32) {
        for _ in 0..<count {
            died(DeadRecord(key: CacheKey(0), location: RecordLocation(segment: segment, offset: 40), extent: 8 << 10))
        }
    }
}
