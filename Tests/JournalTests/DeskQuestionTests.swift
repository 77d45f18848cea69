import CacheProtocol
import Journal
import Testing

/// `where`: what nodes say that they keep.
@Suite(.timeLimit(.minutes(5))) struct DeskQuestionTests {
    private let fixture: DeskFixture
    private let desk: CommandDesk
    private let sources = [SourceIdentity(storage: "s", key: "k")]

    init() async throws {
        fixture = try await DeskFixture()
        desk = fixture.desk
    }

    private func question(in answer: FollowAnswer) -> NodeQuestion? {
        if case .news(let news) = answer { news.questions.first } else { nil }
    }

    @Test func aHeldFollowerIsAskedAtOnceAndItsAnswerIsHandedOn() async throws {
        var node = Follower(desk, name: "a")
        var left = Follower(desk, name: "b")
        try await node.follow(wantsGrant: true)
        try await left.follow(wantsGrant: true)
        _ = try await desk.follow(left.request(leaves: true))
        let held = node.request(patience: 60_000)
        let answer = Task { [desk] in try await desk.follow(held) }
        let asking = Task { [desk, sources] in try await desk.ask(sources, timeout: 60_000) }
        let asked = try #require(question(in: try await answer.value))
        #expect(asked.sources == sources)
        // Until it has answered it is not asked again and again.
        #expect(try await desk.follow(node.request()) == .news(FollowNews()))
        let record = KeptRecord(
            cache: "variants", tier: "disk", key: CacheKey(sources[0].digest), contentType: "image/webp", bytes: 9,
            fillRevision: .zero)
        let report = NodeReport(question: asked.id, node: node.node, records: [record])
        await desk.report(NodeReport(question: asked.id &+ 1, node: node.node, records: []))
        await desk.report(report)
        let answers = try await asking.value
        #expect(answers.reports == [report])
        #expect(answers.silent.map(\.name) == ["b"])
    }

    @Test func whoDoesNotAnswerIsNamed() async throws {
        var node = Follower(desk, name: "a")
        try await node.follow(wantsGrant: true)
        let asking = Task { [desk, sources] in try await desk.ask(sources, timeout: 3_000) }
        let ticking = Task { [clock = fixture.clock] in
            while !Task.isCancelled {
                clock.advance(milliseconds: 100)
                await Task.yield()
            }
        }
        let answers = try await asking.value
        ticking.cancel()
        #expect(answers.reports.isEmpty && answers.silent.map(\.name) == ["a"])
    }

    @Test func withoutNodesThereIsNothingToWaitFor() async throws {
        #expect(try await desk.ask(sources, timeout: .max) == (NodeAnswers(reports: [], silent: [])))
    }

    @Test func aQuestionThatIsCalledOffEnds() async throws {
        var node = Follower(desk, name: "a")
        try await node.follow(wantsGrant: true)
        let asking = Task { [desk, sources] in try await desk.ask(sources, timeout: 60_000) }
        asking.cancel()
        await #expect(throws: CancellationError.self) { try await asking.value }
        #expect(question(in: try await desk.follow(node.request())) == nil)
    }
}
