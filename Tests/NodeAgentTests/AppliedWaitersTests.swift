import CacheProtocol
import Testing

@testable import NodeAgent

@Suite(.timeLimit(.minutes(5))) struct AppliedWaitersTests {
    private let waiters = AppliedWaiters()
    private let rules = RuleBook(RuleTable(journal: .random()))
    private let ahead = Revision(rawValue: 1)

    @Test func whatIsAppliedAlreadyIsNotWaitedFor() async {
        #expect(await waiters.wait(for: .zero, in: rules, patience: .zero))
    }

    /// Patience may be over before the waiter is on the list, where no alarm finds it any more.
    @Test func whoseTimeIsUpAtOnceIsAnswered() async {
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<2_000 {
                group.addTask { await waiters.wait(for: ahead, in: rules, patience: .zero) }
            }
            for await isApplied in group { #expect(!isApplied) }
        }
    }

    @Test func aWaiterHearsOfItsRevision() async throws {
        let waiting = Task { await waiters.wait(for: ahead, in: rules, patience: .seconds(3_600)) }
        while waiters.count == 0 { await Task.yield() }
        waiters.applied(.zero)
        #expect(waiters.count == 1, "another revision is not its own")
        waiters.applied(ahead)
        #expect(await waiting.value)
    }

    @Test func aRequestThatIsGivenUpWaitsNoLonger() async {
        let waiting = Task { await waiters.wait(for: ahead, in: rules, patience: .seconds(3_600)) }
        while waiters.count == 0 { await Task.yield() }
        waiting.cancel()
        #expect(await !waiting.value)
        #expect(waiters.count == 0)
    }
}
