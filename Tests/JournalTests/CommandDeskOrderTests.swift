import CacheProtocol
import Journal
import SQLStore
import Synchronization
import Testing

/// What the desk must do in which order, shown by holding its journal's answers back.
@Suite(.timeLimit(.minutes(5))) struct CommandDeskOrderTests {
    private let folder: TemporaryFolder
    private let journal: GatedJournal
    private let clock = ManualClock()
    private let desk: CommandDesk
    private let purge = Command(kind: .hardPurge, scope: .all, label: "everything")

    init() async throws {
        folder = try TemporaryFolder()
        journal = GatedJournal(try await SQLiteJournal(SQLiteConfiguration(path: folder.file("journal.sqlite"))))
        desk = try await CommandDesk(
            journal: journal, configuration: CommandDeskConfiguration(lease: 10_000, retry: 500), clock: clock)
    }

    /// The grant is committed, its call has not returned, a command commits and is counted: it must wait all the same.
    @Test func aCommandWaitsForAGrantWhoseCallHasNotReturned() async throws {
        var node = Follower(desk, name: "a")
        journal.grantGate.shut()
        let asking = node.request(joins: true, wantsGrant: true)
        let answer = Task { [desk] in try await desk.follow(asking) }
        await journal.grantGate.arrival()
        let revision = try await desk.submit(purge, by: "").revision
        let status = try #require(try await desk.waitUntilCompleted(revision, timeout: 0))
        #expect(!status.isCompleted)
        #expect(status.nodes.map(\.state.word) == ["waiting"])
        journal.grantGate.open()
        guard case .news(let news) = try await answer.value, let grant = news.grant else {
            Issue.record("no grant")
            return
        }
        #expect(grant.head == .zero)
        for entry in news.entries { try node.table.apply(entry) }
        _ = try await desk.follow(node.request())
        #expect(try await desk.waitUntilCompleted(revision, timeout: 60_000)?.isCompleted == true)
    }

    /// A join comes while the earlier life's grant is on its way: nobody holds that grant.
    @Test func aGrantIsNotHandedToALifeThatEndedMeanwhile() async throws {
        let old = Follower(desk, name: "a", life: 1)
        journal.grantGate.shut()
        let asking = old.request(joins: true, wantsGrant: true)
        let answer = Task { [desk] in try await desk.follow(asking) }
        await journal.grantGate.arrival()
        var new = Follower(desk, name: "a", life: 2)
        try await new.follow()
        journal.grantGate.open()
        #expect(try await answer.value == .superseded)
        let revision = try await desk.submit(purge, by: "").revision
        #expect(try await desk.waitUntilCompleted(revision, timeout: 60_000)?.nodes.isEmpty == true)
    }

    /// The journal has taken three lives' joins in their order; the last one's call returns first, then the first one's.
    @Test func theFirstOfThreeJoinsDoesNotEndTheLast() async throws {
        journal.joinGate.shut()
        let early = [1, 2].map { Follower(desk, name: "a", life: $0).request(joins: true) }
        var answers: [Task<FollowAnswer, any Error>] = []
        for request in early {
            answers.append(Task { [desk] in try await desk.follow(request) })
            await journal.joinGate.arrival()
        }
        journal.joinGate.passesNext()
        var last = Follower(desk, name: "a", life: 3)
        try await last.follow(wantsGrant: true)
        journal.joinGate.releaseFirst()
        #expect(try await answers[0].value == .superseded)
        let revision = try await desk.submit(purge, by: "").revision
        let status = try await desk.waitUntilCompleted(revision, timeout: 0)
        #expect(status?.isCompleted == false, "the last life's lease is waited for")
        #expect(status?.nodes.map(\.state.word) == ["waiting"])
        journal.joinGate.open()
        #expect(try await answers[1].value == .superseded)
        try await last.keepUp(with: revision)
        #expect(try await desk.waitUntilCompleted(revision, timeout: 60_000)?.isCompleted == true)
    }

    @Test func nobodyIsToldCompletedBeforeItIsRecorded() async throws {
        journal.completeGate.shut()
        let revision = try await desk.submit(purge, by: "").revision
        await journal.completeGate.arrival()
        #expect(try await desk.status(of: revision)?.isCompleted == false)
        #expect(try await desk.waitUntilCompleted(revision, timeout: 0)?.isCompleted == false)
        journal.completeGate.open()
        #expect(try await desk.waitUntilCompleted(revision, timeout: 60_000)?.isCompleted == true)
        #expect(try await journal.completion(of: revision) != nil)
    }

    @Test func aCompletionThatCouldNotBeRecordedIsTriedAgain() async throws {
        journal.refusesCompletions.store(true, ordering: .relaxed)
        let revision = try await desk.submit(purge, by: "").revision
        await journal.completeGate.arrival()
        #expect(try await desk.waitUntilCompleted(revision, timeout: 0)?.isCompleted == false)
        journal.refusesCompletions.store(false, ordering: .relaxed)
        let waiting = Task { [desk] in try await desk.waitUntilCompleted(revision, timeout: .max) }
        let ticking = Task { [clock] in
            while !Task.isCancelled {
                clock.advance(milliseconds: 100)
                await Task.yield()
            }
        }
        #expect(try await waiting.value?.isCompleted == true)
        ticking.cancel()
    }

    /// The disk fails after the commit: nobody was told a revision, yet it stands, and what follows builds on it.
    @Test func aCommandWhoseAppendFailedThoughItStandsIsHandedOnAndCompleted() async throws {
        var node = Follower(desk, name: "a")
        try await node.follow(wantsGrant: true)
        let held = node
        let answer = Task { [desk] in try await desk.follow(held.request(patience: 60_000)) }
        journal.losesAppends.store(true, ordering: .relaxed)
        await #expect(throws: GatedJournal.Refused.self) { try await desk.submit(purge, by: "") }
        journal.losesAppends.store(false, ordering: .relaxed)
        guard case .news(let news) = try await answer.value else { return }
        #expect(news.entries.map(\.revision.rawValue) == [1])
        let second = try await desk.submit(purge, by: "").revision
        while node.table.applied < second { try await node.follow() }
        try await node.follow()
        for number in [1, 2] as [UInt64] {
            let status = try await desk.waitUntilCompleted(Revision(rawValue: number), timeout: 60_000)
            #expect(status?.nodes.map(\.state.word) == ["applied"])
        }
    }
}
