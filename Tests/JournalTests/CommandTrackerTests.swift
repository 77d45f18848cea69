import CacheProtocol
import Journal
import Testing

struct CommandTrackerTests {
    private var tracker = CommandTracker()
    private let node = NodeIdentity(name: "a", folder: 1, role: .edge)
    private let life = Incarnation(life: 1)
    private let one = Revision(rawValue: 1)
    private let two = Revision(rawValue: 2)

    private func at(_ milliseconds: UInt64) -> DeskInstant {
        DeskInstant(boot: BootInstant(nanoseconds: 0).advanced(byMilliseconds: milliseconds), wall: Int64(milliseconds))
    }

    private mutating func granted() {
        tracker.expect(Grant(head: .zero, duration: 10_000), for: node, life, at: at(0).boot)
    }

    private mutating func outcome() -> [NodeOutcome.Reason] {
        tracker.takeSettled().flatMap { $0.completion(at: 0).outcomes.map(\.reason) }
    }

    @Test mutating func aCommandWaitsNoLongerThanTheLeaseOfItsEndpoints() {
        granted()
        tracker.committed(one, lease: 2_000, at: at(0))
        tracker.committed(two, at: at(0))
        #expect(tracker.nextRunOut == at(2_120).boot)
        tracker.pass(at(2_119))
        #expect(tracker.openCount == 2)
        tracker.pass(at(2_120))
        let step1 = tracker.takeSettled()
        #expect(step1.map(\.revision) == [one])
        #expect(tracker.firstOpen == two)
        tracker.pass(at(10_199))
        #expect(tracker.openCount == 1)
        tracker.pass(at(10_200))
        let step2 = outcome()
        #expect(step2 == [.leaseRunOut])
    }

    @Test mutating func aLeaseOfLongerThanTheGrantIsNoLongerThanTheGrant() {
        granted()
        tracker.committed(one, lease: 99_000, at: at(0))
        #expect(tracker.nextRunOut == at(10_200).boot)
    }

    @Test mutating func whoIsForgottenIsWaitedForAndItIsSaidWhy() {
        granted()
        tracker.committed(one, lease: 2_000, at: at(0))
        tracker.committed(two, at: at(0))
        tracker.forget(node.folder)
        tracker.pass(at(2_120))
        let first = outcome()
        #expect(first == [.forgotten])
        #expect(tracker.firstOpen == two)
        tracker.pass(at(10_200))
        let second = outcome()
        #expect(second == [.forgotten])
    }

    @Test mutating func whoHasComeBackIsNotForgotten() {
        granted()
        tracker.forget(node.folder)
        tracker.readmit(node.folder)
        tracker.committed(one, at: at(0))
        tracker.pass(at(10_200))
        let step4 = outcome()
        #expect(step4 == [.leaseRunOut])
    }

    @Test mutating func whoIsDeclaredDeadIsNotWaitedFor() {
        granted()
        tracker.committed(one, at: at(0))
        tracker.end(life, reason: .declaredDead, at: 5)
        let step5 = outcome()
        #expect(step5 == [.declaredDead])
    }
}
