import CacheProtocol
import Journal
import Testing

struct RemovalTrackerTests {
    private var tracker = RemovalTracker()
    private let erase = Revision(rawValue: 10)

    private func member(
        _ folder: UInt64, joinedAt: UInt64 = 1, accountableFrom: UInt64 = 0, expelled: UInt64? = nil
    ) -> StoredMember {
        StoredMember(
            node: NodeIdentity(name: "n\(folder)", folder: folder, role: .edge), incarnation: Incarnation(life: 1),
            hasLeft: false, joinedAt: Revision(rawValue: joinedAt), accountableFrom: Revision(rawValue: accountableFrom),
            expulsion: expelled.map { StoredMember.Expulsion(kind: .forgotten, revision: Revision(rawValue: $0)) })
    }

    @Test mutating func anEraseIsRemovedOnceCompletedAndReportedByAll() {
        tracker.update(member(1))
        tracker.update(member(2))
        tracker.erased(erase, size: 1, isCompleted: false)
        tracker.reported(erase, by: 1)
        tracker.completed(erase)
        let step1 = tracker.takeRemoved()
        #expect(step1.isEmpty)
        tracker.reported(erase, by: 1)
        tracker.reported(erase, by: 3)
        #expect(tracker.isOpen(erase))
        tracker.reported(erase, by: 2)
        let step2 = tracker.takeRemoved()
        #expect(step2 == [erase])
        let step3 = tracker.takeRemoved()
        #expect(step3.isEmpty)
        #expect(!tracker.isOpen(erase))
    }

    @Test mutating func aReportBeforeTheCompletionIsNotEnough() {
        tracker.update(member(1))
        tracker.erased(erase, size: 1, isCompleted: false)
        tracker.reported(erase, by: 1)
        let step4 = tracker.takeRemoved()
        #expect(step4.isEmpty)
        tracker.completed(erase)
        let step5 = tracker.takeRemoved()
        #expect(step5 == [erase])
    }

    @Test mutating func whoJoinedLaterOweNothing() {
        tracker.update(member(1, joinedAt: 10))
        tracker.update(member(2, joinedAt: 11))
        tracker.erased(erase, size: 1, isCompleted: true)
        let step6 = tracker.takeRemoved()
        #expect(step6 == [erase])
        tracker.erased(Revision(rawValue: 12), size: 1, isCompleted: true)
        tracker.reported(Revision(rawValue: 12), by: 1)
        let step7 = tracker.takeRemoved()
        #expect(step7.isEmpty)
    }

    /// The folder is in the journal before the erase, and is heard of here after it.
    @Test mutating func aMemberThatIsHeardOfLateIsAwaitedAllTheSame() {
        tracker.update(member(1))
        tracker.erased(erase, size: 1, isCompleted: false)
        tracker.update(member(2, joinedAt: 9))
        tracker.update(member(3, joinedAt: 10))
        tracker.completed(erase)
        tracker.reported(erase, by: 1)
        let step8 = tracker.takeRemoved()
        #expect(step8.isEmpty)
        tracker.reported(erase, by: 2)
        let step9 = tracker.takeRemoved()
        #expect(step9 == [erase])
    }

    @Test mutating func whoIsExpelledIsNotAwaitedAndOwesAgainWhatComesAfterItsReturn() {
        tracker.update(member(1))
        tracker.erased(erase, size: 1, isCompleted: true)
        tracker.update(member(1, expelled: 11))
        let step10 = tracker.takeRemoved()
        #expect(step10 == [erase])
        tracker.erased(Revision(rawValue: 12), size: 1, isCompleted: true)
        let step11 = tracker.takeRemoved()
        #expect(step11 == [Revision(rawValue: 12)])
        tracker.update(member(1, accountableFrom: 13, expelled: 11))
        tracker.erased(Revision(rawValue: 14), size: 1, isCompleted: true)
        let step12 = tracker.takeRemoved()
        #expect(step12.isEmpty)
        // What it has not reported before it was expelled, it may still report.
        tracker.reported(Revision(rawValue: 12), by: 1)
        tracker.reported(Revision(rawValue: 14), by: 1)
        let step13 = tracker.takeRemoved()
        #expect(step13 == [Revision(rawValue: 14)])
    }

    @Test mutating func whatWasReportedBeforeARestartCounts() {
        tracker.update(member(1))
        tracker.update(member(2))
        tracker.erased(erase, size: 1, isCompleted: true, reported: [1])
        tracker.reported(erase, by: 2)
        let step14 = tracker.takeRemoved()
        #expect(step14 == [erase])
    }

    @Test func theDutyOfAMember() {
        #expect(RemovalTracker.duty(of: member(1, joinedAt: 10), for: erase) == .none)
        #expect(RemovalTracker.duty(of: member(1, joinedAt: 9), for: erase) == .destroy)
        #expect(RemovalTracker.duty(of: member(1, accountableFrom: 10), for: erase) == .unproven(nil))
        #expect(RemovalTracker.duty(of: member(1, expelled: 3), for: erase) == .unproven(.forgotten))
        #expect(RemovalTracker.duty(of: member(1, expelled: 30), for: erase) == .unproven(.forgotten))
        #expect(RemovalTracker.duty(of: member(1, accountableFrom: 5, expelled: 3), for: erase) == .destroy)
        #expect(RemovalTracker.duty(of: member(1, accountableFrom: 15, expelled: 3), for: erase) == .unproven(.forgotten))
    }

    @Test mutating func foldingMustLeaveWhatOneMessageCannotTell() {
        tracker.update(member(1))
        for number in 10...14 as ClosedRange<UInt64> {
            tracker.erased(Revision(rawValue: number), size: 100, isCompleted: true)
        }
        #expect(tracker.firstBeyond(bytes: 500) == nil)
        #expect(tracker.firstBeyond(bytes: 299) == Revision(rawValue: 12))
        tracker.reported(Revision(rawValue: 10), by: 1)
        #expect(tracker.firstBeyond(bytes: 299) == Revision(rawValue: 13))
    }
}
