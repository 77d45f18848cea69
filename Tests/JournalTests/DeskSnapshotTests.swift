import CacheProtocol
import Journal
import Testing

/// Nodes that were away for longer than entries are kept.
@Suite(.timeLimit(.minutes(5))) struct DeskSnapshotTests {
    private let fixture: DeskFixture
    private let desk: CommandDesk

    init() async throws {
        fixture = try await DeskFixture {
            $0.tail = 2
            $0.batch = 5
        }
        desk = fixture.desk
    }

    private func news(_ answer: FollowAnswer) -> FollowNews? {
        if case .news(let news) = answer { news } else { nil }
    }

    private func purge(_ count: Int, _ nodes: inout [Follower]) async throws {
        for _ in 0..<count { _ = try await fixture.complete(DeskFixture.purge, &nodes) }
    }

    @Test func whoIsBelowTheFoldTakesTheSnapshotAndTheErasesThatItOwes() async throws {
        var nodes = [Follower(desk, name: "a"), Follower(desk, name: "b")]
        for index in 0...1 { try await nodes[index].follow(wantsGrant: true) }
        let early = try await fixture.complete(JournalConformance.erase("early"), &nodes)
        for index in 0...1 { try await nodes[index].destroyAll() }
        // b is away from here on, and its lease runs out.
        var a = [nodes[0]]
        let owed = try await desk.submit(JournalConformance.erase("owed"), by: "").revision
        fixture.clock.advance(milliseconds: DeskFixture.longest)
        try await a[0].keepUp(with: owed)
        try await a[0].destroyAll()
        try await purge(8, &a)
        let folded = try await desk.fold(keeping: 1)
        #expect(folded == Revision(rawValue: 9))
        var b = nodes[1]
        let answer = try #require(news(try await b.follow(wantsGrant: true)))
        #expect(answer.snapshot?.revision == folded)
        #expect(answer.erasures == [Erasure(revision: owed, sources: [SourceIdentity(storage: "s", key: "owed")])])
        #expect(answer.entries.map(\.revision.rawValue) == [10])
        #expect(b.table.chain == (try await fixture.journal.head()).chain)
        #expect(b.table.tombstone(on: [SourceIdentity(storage: "s", key: "early")]) == early)
        try await b.follow()
        try await b.destroyAll()
        #expect(try await desk.waitUntilRemoved(owed, timeout: 60_000)?.isRemoved == true)
        // A new node had nothing in it.
        var fresh = Follower(desk, name: "c")
        let first = try #require(news(try await fresh.follow()))
        #expect(first.snapshot?.revision == folded && first.erasures.isEmpty)
        #expect(fresh.table.chain == b.table.chain)
        // Who keeps up never hears of it.
        #expect(news(try await a[0].follow())?.snapshot == nil)
        // The chain of what is folded still tells who is on it.
        var stray = Follower(desk, name: "d", table: RuleTable(journal: .random())).request(joins: true)
        stray.applied = Revision(rawValue: 5)
        #expect(try await desk.follow(stray) == .startOver(desk.journalID))
        let next = try await fixture.restarted()
        var late = Follower(next, name: "e")
        #expect(news(try await late.follow())?.snapshot?.revision == folded)
    }

    /// It reads in the snapshot that it was forgotten, and empties its caches.
    @Test func whoWasForgottenMeanwhileIsToldOfNoErase() async throws {
        var nodes = [Follower(desk, name: "a"), Follower(desk, name: "gone")]
        for index in 0...1 { try await nodes[index].follow(wantsGrant: true) }
        var a = [nodes[0]]
        _ = try await desk.submit(JournalConformance.erase("k"), by: "")
        fixture.clock.advance(milliseconds: DeskFixture.longest)
        let forgotten = try await desk.forget("gone", by: "").revision
        try await a[0].keepUp(with: forgotten)
        try await purge(6, &a)
        let folded = try await desk.fold(keeping: 2)
        #expect(folded > forgotten)
        var gone = nodes[1]
        let answer = try #require(news(try await gone.follow()))
        #expect(answer.snapshot?.table.forgotten[gone.node.folder] == forgotten)
        #expect(answer.erasures.isEmpty)
    }

    @Test func nothingIsFoldedThatIsNotCompleted() async throws {
        var silent = Follower(desk, name: "a")
        try await silent.follow(wantsGrant: true)
        for _ in 1...5 { _ = try await desk.submit(DeskFixture.purge, by: "") }
        #expect(try await desk.fold(keeping: 0) == .zero)
        try await silent.keepUp(with: Revision(rawValue: 3))
        while try await desk.fold(keeping: 0) < Revision(rawValue: 3) { await Task.yield() }
        for number in 1...5 as ClosedRange<UInt64> {
            let status = try #require(try await desk.status(of: Revision(rawValue: number)))
            #expect(status.entry.command.kind.word == "purge" && status.entry.command.scope.word == "all")
            #expect(status.isFolded == status.isCompleted)
        }
    }

    @Test func theJournalIsFoldedByItselfAsItGrows() async throws {
        let fixture = try await DeskFixture {
            $0.wholeEntries = 10
            $0.foldStep = 20
            $0.tail = 4
        }
        let desk = fixture.desk
        for _ in 1...40 {
            let revision = try await desk.submit(DeskFixture.purge, by: "").revision
            _ = try await desk.waitUntilCompleted(revision, timeout: 60_000)
        }
        while try await fixture.journal.snapshot() == nil { await Task.yield() }
        let folded = try #require(try await fixture.journal.snapshot()).revision.rawValue
        #expect((20...30).contains(folded))
    }
}
