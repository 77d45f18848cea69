import CacheProtocol
import Journal
import Testing

/// For how long a command waits for a node that is cut off.
@Suite(.timeLimit(.minutes(5))) struct DeskLeaseTests {
    private let fixture: DeskFixture
    private let desk: CommandDesk

    init() async throws {
        fixture = try await DeskFixture()
        desk = fixture.desk
    }

    private func waiting(_ revision: Revision) async throws -> UInt64? {
        let status = try await desk.waitUntilCompleted(revision, timeout: 0)
        guard case .waiting(let atMost)? = status?.nodes.first?.state else { return nil }
        return atMost
    }

    private func awaited(_ lease: UInt64) -> UInt64 { lease + Grant.margin(on: lease) }

    @Test func aCommandWaitsByTheLeaseOfItsEndpoints() async throws {
        var nodes = [Follower(desk, name: "a")]
        try await nodes[0].follow(wantsGrant: true)
        _ = try await fixture.complete(DeskFixture.configure("x=2000,y=5000"), &nodes)
        guard case .news(let news) = try await nodes[0].follow(wantsGrant: true) else { return }
        #expect(news.grant?.duration == 5_000)
        // The node goes silent.
        #expect(try await waiting(desk.submit(DeskFixture.purge("x"), by: "").revision) == awaited(2_000))
        #expect(try await waiting(desk.submit(DeskFixture.purge("x", "y"), by: "").revision) == awaited(5_000))
        let last = try await desk.submit(DeskFixture.purge("x"), by: "").revision
        fixture.clock.advance(milliseconds: awaited(2_000))
        #expect(try await desk.waitUntilCompleted(last, timeout: 60_000)?.isCompleted == true)
    }

    /// A node that has not applied the shorter lease answers by the longer one.
    @Test func untilAConfigurationIsCompletedTheOneBeforeIsReckonedWith() async throws {
        var nodes = [Follower(desk, name: "a")]
        _ = try await fixture.complete(DeskFixture.configure("x=8000"), &nodes)
        try await nodes[0].follow(wantsGrant: true)
        let change = try await desk.submit(DeskFixture.configure("x=2000"), by: "").revision
        let purge = try await desk.submit(DeskFixture.purge("x"), by: "").revision
        #expect(try await waiting(purge) == awaited(8_000))
        var other = Follower(desk, name: "b")
        guard case .news(let news) = try await other.follow(wantsGrant: true) else { return }
        #expect(news.grant?.duration == 8_000)
        try await nodes[0].keepUp(with: purge)
        #expect(try await desk.waitUntilCompleted(change, timeout: 60_000)?.isCompleted == true)
        #expect(try await waiting(desk.submit(DeskFixture.purge("x"), by: "").revision) == awaited(2_000))
    }

    @Test func aRestartedDeskReckonsWithTheSameConfigurations() async throws {
        var nodes = [Follower(desk, name: "a")]
        _ = try await fixture.complete(DeskFixture.configure("x=3000"), &nodes)
        try await nodes[0].follow(wantsGrant: true)
        _ = try await desk.submit(DeskFixture.configure("x=7000"), by: "")
        let next = try await fixture.restarted()
        guard case .news(let news) = try await Follower(next, name: "b").joined(wantsGrant: true) else { return }
        #expect(news.grant?.duration == 7_000)
        let purge = try await next.submit(DeskFixture.purge("x"), by: "").revision
        let status = try await next.waitUntilCompleted(purge, timeout: 0)
        // The grant of before was for three seconds only.
        #expect(status?.nodes.first?.state == .waiting(atMost: awaited(3_000)))
    }

    /// The call that appended the configuration has not returned; a purge that stands behind it has.
    @Test func aCommandIsCountedAfterTheConfigurationBeforeIt() async throws {
        var nodes = [Follower(desk, name: "a")]
        _ = try await fixture.complete(DeskFixture.configure("x=2000,y=9000"), &nodes)
        try await nodes[0].follow(wantsGrant: true)
        await fixture.journal.appendGate.arrival()
        fixture.journal.appendGate.shut()
        let configuring = Task { [desk] in try await desk.submit(DeskFixture.configure("x=9000"), by: "") }
        await fixture.journal.appendGate.arrival()
        fixture.journal.appendGate.passesNext()
        let purge = try await desk.submit(DeskFixture.purge("x"), by: "").revision
        #expect(purge == Revision(rawValue: 3))
        #expect(try await desk.waitUntilCompleted(purge, timeout: 0)?.isCompleted == false)
        // Its acknowledgement, were it counted by the lease of before, would come too late.
        fixture.clock.advance(milliseconds: awaited(2_000))
        #expect(try await desk.waitUntilCompleted(purge, timeout: 0)?.isCompleted == false)
        fixture.journal.appendGate.open()
        _ = try await configuring.value
        #expect(try await waiting(purge) == awaited(9_000) - awaited(2_000))
        try await nodes[0].keepUp(with: purge)
        #expect(try await desk.waitUntilCompleted(purge, timeout: 60_000)?.isCompleted == true)
    }
}
