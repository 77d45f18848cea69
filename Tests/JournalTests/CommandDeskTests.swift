import CacheProtocol
import Journal
import SQLStore
import Testing

@Suite(.timeLimit(.minutes(5))) struct CommandDeskTests {
    private let folder: TemporaryFolder
    private let journal: SQLiteJournal
    private let clock = ManualClock()
    private let desk: CommandDesk
    private static let lease: UInt64 = 10_000
    /// What the desk waits for a node that does not answer.
    private static let longest = lease + Grant.margin(on: lease)

    init() async throws {
        folder = try TemporaryFolder()
        journal = try await SQLiteJournal(SQLiteConfiguration(path: folder.file("journal.sqlite")))
        desk = try await Self.desk(journal, clock)
    }

    private static func desk(_ journal: any Journal, _ clock: ManualClock) async throws -> CommandDesk {
        try await CommandDesk(
            journal: journal, configuration: CommandDeskConfiguration(lease: lease, batch: 2, tail: 3), clock: clock)
    }

    private let purge = Command(kind: .hardPurge, scope: .all, label: "everything")

    @Test func withoutNodesACommandIsCompletedAtOnce() async throws {
        let entry = try await desk.submit(purge, by: "ann")
        let status = try #require(try await desk.waitUntilCompleted(entry.revision, timeout: 60_000))
        #expect(status.isCompleted)
        #expect(status.nodes.isEmpty)
        #expect(status.entry == entry && entry.issuedBy == "ann")
    }

    @Test func aCommandIsCompletedOnceEveryNodeHasAcknowledged() async throws {
        var a = Follower(desk, name: "a")
        var b = Follower(desk, name: "b")
        try await a.follow(wantsGrant: true)
        try await b.follow(wantsGrant: true)
        let revision = try await desk.submit(purge, by: "ann").revision
        try await a.follow()
        try await a.follow()
        var status = try #require(try await desk.status(of: revision))
        #expect(!status.isCompleted)
        #expect(status.nodes.map(\.identity.name) == ["a", "b"])
        #expect(status.nodes.map(\.state.word) == ["applied", "waiting"])
        #expect(status.nodes[1].state == .waiting(atMost: Self.longest))
        try await b.follow()
        #expect(try await desk.status(of: revision)?.isCompleted == false)
        try await b.follow()
        status = try #require(try await desk.waitUntilCompleted(revision, timeout: 60_000))
        #expect(status.isCompleted)
        #expect(status.nodes.map(\.state.word) == ["applied", "applied"])
    }

    @Test func aNodeThatIsSilentIsWaitedForUntilItsLeaseHasRunOut() async throws {
        var node = Follower(desk, name: "a")
        try await node.follow(wantsGrant: true)
        let revision = try await desk.submit(purge, by: "").revision
        clock.advance(milliseconds: Self.longest - 1)
        #expect(try await desk.waitUntilCompleted(revision, timeout: 0)?.isCompleted == false)
        clock.advance(milliseconds: 1)
        let status = try #require(try await desk.waitUntilCompleted(revision, timeout: 60_000))
        #expect(status.nodes.map(\.state.word) == ["lease-run-out"])
    }

    @Test func aNodeWhoseGrantNamesTheCommandIsNotWaitedFor() async throws {
        let revision = try await desk.submit(purge, by: "").revision
        var node = Follower(desk, name: "a")
        guard case .news(let news) = try await node.follow(wantsGrant: true), let grant = news.grant else {
            Issue.record("no grant")
            return
        }
        #expect(news.entries.map(\.revision) == [revision])
        #expect(grant == Grant(head: revision, duration: Self.lease))
        #expect(try await desk.waitUntilCompleted(revision, timeout: 60_000)?.isCompleted == true)
    }

    @Test func heldQuestionsAreAnsweredByTheNextCommand() async throws {
        let desk = desk
        var answers: [Task<FollowAnswer, any Error>] = []
        for number in 0..<50 {
            var node = Follower(desk, name: "n\(number)")
            try await node.follow(wantsGrant: true)
            let held = node
            answers.append(Task { try await desk.follow(held.request(patience: 60_000)) })
        }
        let entry = try await desk.submit(purge, by: "")
        for answer in answers { #expect(try await answer.value == .news(FollowNews(entries: [entry]))) }
    }

    @Test func aHeldQuestionEndsWithItsPatience() async throws {
        var node = Follower(desk, name: "a")
        try await node.follow()
        let held = node
        let answer = Task { [desk] in try await desk.follow(held.request(patience: 5_000)) }
        // Whether the question or the time comes first, five seconds are over for it after ten.
        let ticking = Task { [clock] in
            while !Task.isCancelled {
                clock.advance(milliseconds: 100)
                await Task.yield()
            }
        }
        #expect(try await answer.value == .news(FollowNews()))
        ticking.cancel()
    }

    @Test func aQuestionThatIsCalledOffEnds() async throws {
        var node = Follower(desk, name: "a")
        try await node.follow()
        let held = node
        let answers = (0..<20).map { _ in Task { [desk] in try await desk.follow(held.request(patience: 60_000)) } }
        for answer in answers { answer.cancel() }
        for answer in answers { await #expect(throws: CancellationError.self) { try await answer.value } }
    }

    @Test func aLaterLifeEndsTheEarlierOne() async throws {
        var old = Follower(desk, name: "a", life: 1)
        try await old.follow(wantsGrant: true)
        let held = old
        let heldAnswer = Task { [desk] in try await desk.follow(held.request(patience: 60_000)) }
        let revision = try await desk.submit(purge, by: "").revision
        _ = try await heldAnswer.value
        var new = Follower(desk, name: "a", life: 2)
        try await new.follow()
        let status = try #require(try await desk.waitUntilCompleted(revision, timeout: 60_000))
        #expect(status.nodes.map(\.state.word) == ["ended"])
        #expect(try await old.follow(wantsGrant: true) == .superseded)
        // The join of the process that is gone arrives once more, and ends nobody.
        #expect(try await desk.follow(old.request(joins: true, wantsGrant: true)) == .superseded)
        #expect(try await new.follow(wantsGrant: true) != .superseded)
    }

    @Test func aHeldQuestionOfAnEarlierLifeIsAnsweredAtOnce() async throws {
        var old = Follower(desk, name: "a", life: 1)
        try await old.follow(wantsGrant: true)
        let held = old
        let answer = Task { [desk] in try await desk.follow(held.request(patience: 60_000)) }
        var new = Follower(desk, name: "a", life: 2)
        try await new.follow()
        #expect(try await answer.value == .superseded)
    }

    @Test func whoLeavesIsNotWaitedFor() async throws {
        var node = Follower(desk, name: "a")
        try await node.follow(wantsGrant: true)
        let revision = try await desk.submit(purge, by: "").revision
        #expect(try await desk.follow(node.request(leaves: true)) == .news(FollowNews()))
        let status = try #require(try await desk.waitUntilCompleted(revision, timeout: 60_000))
        #expect(status.nodes.map(\.state.word) == ["ended"])
        #expect(try await node.follow() == .superseded)
    }

    @Test func whoIsNotOnTheChainStartsOver() async throws {
        for _ in 1...5 { _ = try await desk.submit(purge, by: "") }
        let other = JournalID.random()
        var wrong: [FollowRequest] = []
        var request = Follower(desk, name: "a").request(joins: true, wantsGrant: true)
        request.journal = nil
        wrong.append(request)
        request.journal = other
        request.chain = .root(of: other)
        wrong.append(request)
        request.journal = desk.journalID
        wrong.append(request)
        for applied in [1, 3, 5, 6, UInt64.max] {
            request.applied = Revision(rawValue: applied)
            request.chain = .root(of: other)
            wrong.append(request)
            request.chain = nil
            wrong.append(request)
        }
        for request in wrong { #expect(try await desk.follow(request) == .startOver(desk.journalID), "\(request)") }
        // It has acknowledged nothing by that, and holds nothing.
        #expect(await desk.memberStatuses().isEmpty)
    }

    @Test func historyIsHandedOutInBatchesAlsoFromBeforeWhatIsInMemory() async throws {
        for number in 1...7 { _ = try await desk.submit(purge, by: "\(number)") }
        var node = Follower(desk, name: "a")
        var sizes: [Int] = []
        while node.table.applied < Revision(rawValue: 7) {
            guard case .news(let news) = try await node.follow() else { break }
            sizes.append(news.entries.count)
        }
        #expect(sizes == [2, 2, 2, 1])
        #expect(node.table.chain == (try await journal.head()).chain)
    }

    @Test func aRestartedDeskGoesOnWaitingAndRemembersWhatIsCompleted() async throws {
        var a = Follower(desk, name: "a")
        var b = Follower(desk, name: "b")
        try await a.follow(wantsGrant: true)
        try await b.follow(wantsGrant: true)
        let first = try await desk.submit(purge, by: "").revision
        for _ in 1...2 {
            try await a.follow()
            try await b.follow()
        }
        let before = try #require(try await desk.waitUntilCompleted(first, timeout: 60_000))
        let second = try await desk.submit(purge, by: "").revision

        clock.advance(milliseconds: 1_000)
        let copy = try folder.copy()
        let journal = try await SQLiteJournal(SQLiteConfiguration(path: copy.file("journal.sqlite")))
        let next = try await Self.desk(journal, clock)
        #expect(try await next.status(of: first) == before)
        var status = try #require(try await next.status(of: second))
        // Counted anew: the desk does not know how long it was down.
        #expect(status.nodes.map(\.state) == [.waiting(atMost: Self.longest), .waiting(atMost: Self.longest)])
        var survivor = Follower(next, name: "a", life: 2, table: a.table)
        try await survivor.follow()
        clock.advance(milliseconds: Self.longest)
        status = try #require(try await next.waitUntilCompleted(second, timeout: 60_000))
        #expect(status.nodes.map(\.state.word) == ["ended", "lease-run-out"])
        #expect(try await next.recent(limit: 10).map(\.revision) == [second, first])
        #expect(try await next.recent(limit: 1).map(\.isCompleted) == [true])
        withExtendedLifetime(copy) {}
    }

    @Test func aRestartedDeskStillRefusesTheEarlierLife() async throws {
        var old = Follower(desk, name: "a", life: 1)
        var new = Follower(desk, name: "a", life: 2)
        try await old.follow(wantsGrant: true)
        try await new.follow(wantsGrant: true)
        let next = try await Self.desk(journal, clock)
        #expect(try await next.follow(old.request(joins: true, wantsGrant: true)) == .superseded)
        #expect(try await next.follow(old.request(wantsGrant: true)) == .superseded)
        #expect(try await next.follow(new.request(wantsGrant: true)) != .superseded)
    }

    @Test func manyCommandsAtOnceAllComeThrough() async throws {
        var node = Follower(desk, name: "a")
        try await node.follow(wantsGrant: true)
        let revisions = try await withThrowingTaskGroup(of: Revision.self) { [desk, purge] group in
            for _ in 0..<40 { group.addTask { try await desk.submit(purge, by: "").revision } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(revisions.map(\.rawValue).sorted() == Array(1...40))
        while node.table.applied < Revision(rawValue: 40) { try await node.follow() }
        try await node.follow()
        for revision in revisions {
            #expect(try await desk.waitUntilCompleted(revision, timeout: 60_000)?.isCompleted == true)
        }
        #expect(await desk.pendingCount == 0)
    }

    @Test func whatIsNotThereIsNil() async throws {
        for number in [0, 1, UInt64.max] {
            #expect(try await desk.status(of: Revision(rawValue: number)) == nil)
            #expect(try await desk.waitUntilCompleted(Revision(rawValue: number), timeout: 1_000) == nil)
        }
        #expect(try await desk.recent(limit: 5).isEmpty)
    }

    @Test func aCommandThatIsTooLongIsRefused() async throws {
        let long = Command(kind: .hardPurge, scope: .tag(String(repeating: "x", count: 70_000)), label: "")
        await #expect(throws: JournalError.self) { try await desk.submit(long, by: "") }
        #expect(await desk.head == .zero)
    }

    @Test func aStoppedDeskLetsEverybodyGo() async throws {
        var node = Follower(desk, name: "a")
        try await node.follow(wantsGrant: true)
        let revision = try await desk.submit(purge, by: "").revision
        try await node.follow()
        let held = node
        let waiting = Task { [desk] in try await desk.waitUntilCompleted(revision, timeout: 60_000) }
        await desk.stop()
        _ = try await waiting.value
        await #expect(throws: JournalError.stopped) { try await desk.follow(held.request(patience: 60_000)) }
        await #expect(throws: JournalError.stopped) { try await desk.submit(purge, by: "") }
    }

    @Test func grantsThatHaveRunOutLeaveTheJournal() async throws {
        var node = Follower(desk, name: "a")
        for _ in 0..<6 {
            try await node.follow(wantsGrant: true)
            clock.advance(milliseconds: Self.longest)
        }
        // The sweep runs beside the answer that began it.
        while try await journal.grants().count > 3 {
            try await node.follow(wantsGrant: true)
            clock.advance(milliseconds: Self.longest)
        }
    }
}
