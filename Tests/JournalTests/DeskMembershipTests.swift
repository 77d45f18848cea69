import CacheProtocol
import Journal
import Testing

/// `forget` and `declareDead` (DESIGN §4, rule 14).
@Suite(.timeLimit(.minutes(5))) struct DeskMembershipTests {
    private let fixture: DeskFixture
    private let desk: CommandDesk

    init() async throws {
        fixture = try await DeskFixture()
        desk = fixture.desk
    }

    @Test func nobodyElseIsForgotten() async throws {
        var a = Follower(desk, name: "a")
        var twin = Follower(desk, name: "a", folder: 0xAB)
        let other = Follower(desk, name: "b")
        try await a.follow()
        try await twin.follow()
        _ = try await desk.follow(other.request(joins: true))
        for name in ["c", "", "99", "b "] {
            let error = await #expect(throws: JournalError.self) { try await desk.forget(name, by: "") }
            #expect(error?.label == "unknownNode")
        }
        let error = await #expect(throws: JournalError.self) { try await desk.declareDead("a", by: "") }
        #expect(error?.label == "ambiguousNode")
        #expect(error?.description.contains("00000000000000ab") == true)
        #expect(await desk.head == .zero)
        let entry = try await desk.forget("00000000000000ab", by: "ann")
        #expect(entry.command.scope == .node(0xAB) && entry.issuedBy == "ann")
        #expect(await desk.knownMembers().map(\.state.word).sorted() == ["active", "active", "forgotten"])
    }

    @Test func aLiveNodeThatIsForgottenGoesOn() async throws {
        var nodes = [Follower(desk, name: "a")]
        try await nodes[0].follow(wantsGrant: true)
        let revision = try await desk.forget("a", by: "").revision
        #expect(try await desk.waitUntilCompleted(revision, timeout: 0)?.isCompleted == false)
        try await nodes[0].keepUp(with: revision)
        let status = try await desk.waitUntilCompleted(revision, timeout: 60_000)
        #expect(status?.nodes.map(\.state.word) == ["applied"])
        #expect(nodes[0].table.forgotten == [nodes[0].node.folder: revision])
        #expect(await desk.knownMembers().map(\.state) == [.active])
        // The next command waits for it as ever.
        let next = try await desk.submit(DeskFixture.purge, by: "").revision
        #expect(try await desk.waitUntilCompleted(next, timeout: 0)?.nodes.map(\.state.word) == ["waiting"])
    }

    /// Forgotten or not, it may answer until its lease has run out.
    @Test func aNodeThatIsForgottenIsWaitedForUntilItsLeaseHasRunOut() async throws {
        var node = Follower(desk, name: "a")
        try await node.follow(wantsGrant: true)
        let forget = try await desk.forget("a", by: "").revision
        let purge = try await desk.submit(DeskFixture.purge, by: "").revision
        fixture.clock.advance(milliseconds: DeskFixture.longest - 1)
        for revision in [forget, purge] {
            #expect(try await desk.waitUntilCompleted(revision, timeout: 0)?.isCompleted == false)
        }
        fixture.clock.advance(milliseconds: 1)
        for revision in [forget, purge] {
            let status = try await desk.waitUntilCompleted(revision, timeout: 60_000)
            #expect(status?.nodes.map(\.state.word) == ["forgotten"])
        }
    }

    /// The command is committed, and a later life of the folder joins before the desk has heard of it.
    @Test func aLaterLifeIsNotTheOneThatWasDeclaredDead() async throws {
        var old = Follower(desk, name: "a", life: 1)
        try await old.follow(wantsGrant: true)
        fixture.journal.appendGate.shut()
        let declaring = Task { [desk] in try await desk.declareDead("a", by: "") }
        await fixture.journal.appendGate.arrival()
        var new = Follower(desk, name: "a", life: 2)
        guard case .news(let news) = try await new.follow(wantsGrant: true) else {
            Issue.record("the later life was refused")
            return
        }
        #expect(news.grant != nil)
        fixture.journal.appendGate.open()
        let dead = try await declaring.value.revision
        let purge = try await desk.submit(DeskFixture.purge, by: "").revision
        let status = try await desk.waitUntilCompleted(purge, timeout: 0)
        #expect(status?.nodes.map(\.state.word) == ["waiting"], "nobody waits for the life that has a lease")
        try await new.keepUp(with: purge)
        for revision in [dead, purge] {
            #expect(try await desk.waitUntilCompleted(revision, timeout: 60_000)?.isCompleted == true)
        }
        #expect(await desk.knownMembers().map(\.state) == [.active])
    }

    @Test func aDeclaredDeathSurvivesARestart() async throws {
        var node = Follower(desk, name: "a")
        try await node.follow(wantsGrant: true)
        fixture.journal.appendGate.shut()
        let declaring = Task { [desk] in try await desk.declareDead("a", by: "") }
        await fixture.journal.appendGate.arrival()
        let next = try await fixture.restarted()
        #expect(try await next.waitUntilCompleted(Revision(rawValue: 1), timeout: 60_000)?.isCompleted == true)
        fixture.journal.appendGate.open()
        _ = try await declaring.value
    }

    @Test func commandsThatMeanNothingAreRefused() async throws {
        let change = CommandScope.configuration(ConfigurationChange(document: ""))
        let commands = [
            Command(kind: .erase, scope: .all, label: ""), Command(kind: .erase, scope: .source([]), label: ""),
            Command(kind: .configure, scope: .all, label: ""), Command(kind: .hardPurge, scope: change, label: ""),
            Command(kind: .forget, scope: .all, label: ""), Command(kind: .softPurge, scope: .node(1), label: ""),
            Command(kind: .declareDead, scope: .node(1), label: ""),
        ]
        for command in commands {
            await #expect(throws: JournalError.self) { try await desk.submit([DeskFixture.purge, command], by: "") }
        }
        #expect(await desk.head == .zero)
    }
}
