import CacheProtocol
import Journal
import Testing

/// Removed, as who ordered the erase sees it (DESIGN §4, rule 13).
@Suite(.timeLimit(.minutes(5))) struct DeskErasureTests {
    private let fixture: DeskFixture
    private let desk: CommandDesk
    private let erase = JournalConformance.erase("face.jpg")

    init() async throws {
        fixture = try await DeskFixture()
        desk = fixture.desk
    }

    private func words(_ status: RemovalStatus?) -> [String] {
        status.map { $0.nodes.map { "\($0.identity) \($0.state.word)" } } ?? ["nothing"]
    }

    @Test func withoutNodesAnEraseIsRemovedAtOnce() async throws {
        let revision = try await desk.submit(erase, by: "ann").revision
        let status = try #require(try await desk.waitUntilRemoved(revision, timeout: 60_000))
        #expect(status.isRemoved && status.completedAt != nil && status.nodes.isEmpty)
        #expect(status.entry.issuedBy == "ann")
    }

    /// The journal has the folder, and the desk has not heard yet: a copied folder may hold what the erase means.
    @Test func aFolderThatIsJoiningIsAwaited() async throws {
        fixture.journal.joinGate.shut()
        let desk = desk
        let joining = Task {
            var late = Follower(desk, name: "c")
            try await late.follow()
            return late
        }
        await fixture.journal.joinGate.arrival()
        let revision = try await desk.submit(erase, by: "").revision
        #expect(try await desk.waitUntilCompleted(revision, timeout: 60_000)?.isCompleted == true)
        #expect(try await desk.waitUntilRemoved(revision, timeout: 0)?.isRemoved == false)
        fixture.journal.joinGate.open()
        var late = try await joining.value
        try await late.keepUp(with: revision)
        #expect(words(try await desk.removal(of: revision)) == ["c pending"])
        try await late.destroyAll()
        #expect(try await desk.waitUntilRemoved(revision, timeout: 60_000)?.isRemoved == true)
    }

    /// What was erased before it joined is none of its business, though the desk took it for a member all the while.
    @Test func aFolderThatJoinsAfterTheEraseIsNotAwaited() async throws {
        fixture.journal.joinGate.shut()
        let revision = try await desk.submit(erase, by: "").revision
        let desk = desk
        let joining = Task {
            var late = Follower(desk, name: "c")
            try await late.follow()
        }
        await fixture.journal.joinGate.arrival()
        fixture.journal.joinGate.open()
        try await joining.value
        #expect(try await desk.waitUntilRemoved(revision, timeout: 60_000)?.isRemoved == true)
    }

    @Test func anEraseIsRemovedOnceEveryMemberHasReported() async throws {
        var a = Follower(desk, name: "a")
        var b = Follower(desk, name: "b")
        try await a.follow(wantsGrant: true)
        try await b.follow(wantsGrant: true)
        let revision = try await desk.submit(erase, by: "").revision
        try await a.keepUp(with: revision)
        try await a.destroyAll()
        var status = try await desk.removal(of: revision)
        #expect(words(status) == ["a removed", "b pending"])
        #expect(status?.completedAt == nil && status?.isRemoved == false)
        try await b.keepUp(with: revision)
        #expect(try await desk.waitUntilCompleted(revision, timeout: 60_000)?.isCompleted == true)
        status = try await desk.waitUntilRemoved(revision, timeout: 0)
        #expect(status?.completedAt != nil && status?.isRemoved == false)
        // It has left: its bytes are there all the same.
        _ = try await desk.follow(b.request(leaves: true))
        #expect(words(try await desk.removal(of: revision)) == ["a removed", "b pending"])
        var next = Follower(desk, name: "b", life: 2, table: b.table)
        try await next.follow()
        next.outstanding = b.outstanding
        try await next.destroyAll()
        status = try await desk.waitUntilRemoved(revision, timeout: 60_000)
        #expect(status?.isRemoved == true)
        #expect(words(status) == ["a removed", "b removed"])
        #expect(
            status?.nodes[0].state == .removed(RemovalReport(revision: revision, objects: 3, bytes: 1_000, at: 17)))
        // A node that joins now had nothing in it.
        var late = Follower(desk, name: "c")
        try await late.keepUp(with: revision)
        try await late.destroyAll()
        #expect(words(try await desk.removal(of: revision)) == ["a removed", "b removed"])
    }

    @Test func nobodyIsAnsweredBeforeItsReportIsRecorded() async throws {
        var node = Follower(desk, name: "a")
        try await node.follow(wantsGrant: true)
        let revision = try await desk.submit(erase, by: "").revision
        try await node.keepUp(with: revision)
        fixture.journal.recordGate.shut()
        let report = RemovalReport(revision: revision, objects: 0, bytes: 0, at: 0)
        let held = node.request(removals: [report])
        let answer = Task { [desk] in try await desk.follow(held) }
        await fixture.journal.recordGate.arrival()
        // Not told, so it will tell again; and what was recorded is there.
        #expect(try await desk.waitUntilRemoved(revision, timeout: 0)?.isRemoved == false)
        let next = try await fixture.restarted()
        #expect(try await next.waitUntilRemoved(revision, timeout: 60_000)?.isRemoved == true)
        fixture.journal.recordGate.open()
        _ = try await answer.value
        #expect(try await desk.waitUntilRemoved(revision, timeout: 60_000)?.isRemoved == true)
    }

    @Test func aReportOnWhatTheNodeHasNotAppliedIsPassedOver() async throws {
        var node = Follower(desk, name: "a")
        try await node.follow(wantsGrant: true)
        let revision = try await desk.submit(erase, by: "").revision
        let report = RemovalReport(revision: revision, objects: 0, bytes: 0, at: 0)
        _ = try await desk.follow(node.request(removals: [report]))
        #expect(words(try await desk.removal(of: revision)) == ["a pending"])
    }

    @Test func aRestartedDeskKnowsWhoStillOwesItsWord() async throws {
        var nodes = [Follower(desk, name: "a"), Follower(desk, name: "b")]
        for index in 0...1 { try await nodes[index].follow(wantsGrant: true) }
        let revision = try await fixture.complete(erase, &nodes)
        try await nodes[0].destroyAll()
        let next = try await fixture.restarted()
        #expect(words(try await next.removal(of: revision)) == ["a removed", "b pending"])
        var survivor = Follower(next, name: "b", life: 2, table: nodes[1].table)
        survivor.outstanding = nodes[1].outstanding
        try await survivor.follow()
        try await survivor.destroyAll()
        #expect(try await next.waitUntilRemoved(revision, timeout: 60_000)?.isRemoved == true)
    }

    @Test func whoIsForgottenStandsAsUnprovenOnceItsLeasesHaveRunOut() async throws {
        var nodes = [Follower(desk, name: "a"), Follower(desk, name: "gone")]
        for index in 0...1 { try await nodes[index].follow(wantsGrant: true) }
        let revision = try await fixture.complete(erase, &nodes)
        try await nodes[0].destroyAll()
        let forget = try await desk.forget("gone", by: "ann")
        #expect(words(try await desk.removal(of: revision)) == ["a removed", "gone pending"])
        try await nodes[0].keepUp(with: forget.revision)
        fixture.clock.advance(milliseconds: DeskFixture.longest)
        let completed = try await desk.waitUntilCompleted(forget.revision, timeout: 60_000)
        #expect(completed?.nodes.map(\.state.word) == ["applied", "forgotten"])
        let status = try await desk.waitUntilRemoved(revision, timeout: 60_000)
        #expect(status?.isRemoved == true)
        #expect(words(status) == ["a removed", "gone unproven"])
        // It comes back, empties its caches by what it reads, and owes what comes after.
        try await nodes[1].keepUp(with: forget.revision)
        #expect(await desk.knownMembers().map(\.state) == [.active, .active])
        #expect(words(try await desk.removal(of: revision)) == ["a removed", "gone unproven"])
        let second = try await fixture.complete(erase, &nodes)
        #expect(words(try await desk.removal(of: second)) == ["a pending", "gone pending"])
        // It may still prove what it was not waited for.
        try await nodes[1].destroyAll()
        #expect(words(try await desk.removal(of: revision)) == ["a removed", "gone removed"])
    }

    @Test func whoIsForgottenAgainBeforeItComesBackOwesWhatIsErasedFromThenOn() async throws {
        var nodes = [Follower(desk, name: "a"), Follower(desk, name: "gone")]
        for index in 0...1 { try await nodes[index].follow(wantsGrant: true) }
        let first = try await desk.forget("gone", by: "ann")
        try await nodes[0].keepUp(with: first.revision)
        fixture.clock.advance(milliseconds: DeskFixture.longest)
        #expect(try await desk.waitUntilCompleted(first.revision, timeout: 60_000)?.isCompleted == true)
        // The second finds it still gone, and waits for leases as it comes back.
        try await nodes[0].follow(wantsGrant: true)
        let second = try await desk.forget("gone", by: "ann")
        try await nodes[1].keepUp(with: second.revision)
        let revision = try await desk.submit(erase, by: "ann").revision
        for index in 0...1 { try await nodes[index].keepUp(with: revision) }
        try await nodes[0].destroyAll()
        fixture.clock.advance(milliseconds: DeskFixture.longest)
        #expect(try await desk.waitUntilCompleted(revision, timeout: 60_000)?.isCompleted == true)
        let status = try await desk.waitUntilRemoved(revision, timeout: 0)
        #expect(status?.isRemoved == false)
        #expect(words(status) == ["a removed", "gone pending"])
        try await nodes[1].destroyAll()
        #expect(try await desk.waitUntilRemoved(revision, timeout: 60_000)?.isRemoved == true)
    }

    @Test func whoIsDeclaredDeadIsUnprovenAtOnce() async throws {
        var nodes = [Follower(desk, name: "a")]
        try await nodes[0].follow(wantsGrant: true)
        let revision = try await desk.submit(erase, by: "").revision
        let dead = try await desk.declareDead("a", by: "ann")
        for awaited in [revision, dead.revision] {
            let status = try await desk.waitUntilCompleted(awaited, timeout: 60_000)
            #expect(status?.nodes.map(\.state.word) == ["declared-dead"])
        }
        let status = try await desk.waitUntilRemoved(revision, timeout: 60_000)
        #expect(status?.isRemoved == true)
        #expect(status?.nodes.map(\.state) == [.unproven(.declaredDead)])
        #expect(try await nodes[0].follow(wantsGrant: true) == .superseded)
        let next = try await fixture.restarted()
        #expect(words(try await next.removal(of: revision)) == ["a unproven"])
        #expect(await next.knownMembers().map(\.state.word) == ["declared-dead"])
    }

    @Test func whatIsNoEraseIsNil() async throws {
        let revision = try await desk.submit(DeskFixture.purge, by: "").revision
        for number in [0, revision.rawValue, 2, .max] {
            #expect(try await desk.removal(of: Revision(rawValue: number)) == nil)
            #expect(try await desk.waitUntilRemoved(Revision(rawValue: number), timeout: 1_000) == nil)
        }
    }
}
