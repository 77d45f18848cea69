import CacheProtocol
import Synchronization
import Testing

@testable import NodeAgent

/// What a node does that was away: the journal has folded its entries, its folder was forgotten, the configuration is
/// another.
@Suite struct MembershipTests {
    private final class Noted: Sendable {
        private let words = Mutex<[String]>([])
        func note(_ word: String) { words.withLock { $0.append(word) } }
        var all: [String] { words.withLock { $0 } }
    }

    private func run(_ agent: NodeAgent, _ hooks: NodeAgentHooks, until journal: ScriptedJournal) async throws {
        let run = Task { try await agent.run(hooks) }
        await journal.acknowledged()
        run.cancel()
        try await run.value
    }

    @Test func aSnapshotTakesTheNodeOverWhatIsNotKeptAnyMoreAndItsCachesStay() async throws {
        let path = try Folder.make()
        let first = ScriptedJournal(History(2))
        try await run(
            ScriptedLink.agent(DataFolder(path: path), ScriptedLink { try await first.answer($1) }),
            NodeAgentHooks(emptyCaches: {}), until: first)
        var longer = History(6)
        longer.append(.erase, .source([History.source("gone")]))
        longer.append(.hardPurge, .all)
        let second = ScriptedJournal(longer, floor: Revision(rawValue: 7))
        let agent = try ScriptedLink.agent(DataFolder(path: path), ScriptedLink { try await second.answer($1) })
        let erased = Noted()
        try await run(
            agent,
            NodeAgentHooks(
                emptyCaches: { Issue.record("the node is on the chain: nothing is to be emptied") },
                destroy: { erasures in
                    erasures.forEach { erased.note("\($0.revision)") }
                    return []
                }), until: second)
        #expect(agent.rules.applied == Revision(rawValue: 8))
        #expect(agent.rules.tombstone(on: [History.source("gone")]) == Revision(rawValue: 7))
        #expect(agent.store.withLock { $0.erasures.outstanding.map(\.revision) } == [Revision(rawValue: 7)])
        // And it is there after the next start.
        var log = try RuleLog(in: path)
        #expect(try log.recover().map { RuleSnapshot(journal: longer.id, table: $0) } == longer.snapshot(through: Revision(rawValue: 8)))
    }

    @Test(arguments: [false, true]) func aForgottenFolderDropsItsCachesBeforeItAcknowledges(folded: Bool) async throws {
        let path = try Folder.make()
        let first = ScriptedJournal(History(2))
        let folder = try DataFolder(path: path)
        let identity = folder.identity
        try await run(
            ScriptedLink.agent(folder, ScriptedLink { try await first.answer($1) }), NodeAgentHooks(emptyCaches: {}),
            until: first)
        var longer = History(2)
        longer.append(.forget, .node(identity &+ 1))
        longer.append(.forget, .node(identity))
        longer.append(.hardPurge, .all)
        let second = ScriptedJournal(longer, floor: folded ? Revision(rawValue: 4) : .zero)
        let noted = Noted()
        let link = ScriptedLink { _, request in
            if request.applied >= Revision(rawValue: 4) { noted.note("acknowledged") }
            return try await second.answer(request)
        }
        let agent = try ScriptedLink.agent(folder, link)
        try await run(
            agent,
            NodeAgentHooks(
                emptyCaches: {
                    #expect(!agent.lease.mayAnswer(at: .now()))
                    noted.note("emptied")
                }), until: second)
        #expect(noted.all.first == "emptied")
        #expect(noted.all.filter { $0 == "emptied" }.count == 1)
    }

    @Test func aConfigurationIsServedByBeforeItIsAcknowledgedAndBeforeTheFirstAnswer() async throws {
        struct NoAnswer: Error {}
        var history = History(1)
        history.append(.configure, .configuration(ConfigurationChange(document: "one")))
        history.append(.configure, .configuration(ConfigurationChange(document: "two")))
        let journal = ScriptedJournal(history)
        let noted = Noted()
        let link = ScriptedLink { _, request in
            if request.applied > .zero { noted.note("acknowledged") }
            return try await journal.answer(request)
        }
        let agent = try ScriptedLink.agent(DataFolder(path: Folder.make()), link)
        let tries = Atomic<Int>(0)
        try await run(
            agent,
            NodeAgentHooks(
                emptyCaches: {},
                configure: { configuration in
                    #expect(!agent.lease.mayAnswer(at: .now()))
                    // The origin that knows the keys does not answer the first time.
                    if tries.add(1, ordering: .acquiringAndReleasing).newValue == 1 { throw NoAnswer() }
                    noted.note("serves \(configuration.document) of \(configuration.revision)")
                    return configuration.revision
                }), until: journal)
        #expect(noted.all.prefix(2) == ["serves two of 3", "acknowledged"])
    }

    @Test func overTheCapTheCachesFloorRisesFirst() async throws {
        let path = try Folder.make()
        let journal = ScriptedJournal(History(9))
        let agent = try ScriptedLink.agent(DataFolder(path: path), ScriptedLink { try await journal.answer($1) }, ruleLimit: 8)
        let noted = Noted()
        try await run(
            agent,
            NodeAgentHooks(
                emptyCaches: {},
                raiseFloor: { floor in
                    #expect(agent.rules.ruleCount == 9)
                    noted.note("floor \(floor)")
                }), until: journal)
        #expect(noted.all == ["floor 5"])
        #expect(agent.rules.ruleCount == 4)
        var log = try RuleLog(in: path)
        let table = try #require(try log.recover())
        #expect(table.floor == Revision(rawValue: 5) && table.applied == Revision(rawValue: 9))
    }

    @Test func aQuestionIsAnsweredWithWhatTheNodeKeeps() async throws {
        struct Damaged: Error, CustomStringConvertible { var description: String { "the index is damaged" } }
        let record = KeptRecord(
            cache: "variants", tier: "disk", key: CacheKey(Digest128(high: 1, low: 2)), contentType: "image/webp", bytes: 9,
            fillRevision: .zero)
        let journal = ScriptedJournal(
            History(1),
            questions: [NodeQuestion(id: 5, sources: [History.source("a")]), NodeQuestion(id: 6, sources: [])])
        let link = ScriptedLink { try await journal.answer($1) }
        let agent = try ScriptedLink.agent(DataFolder(path: Folder.make()), link)
        let run = Task {
            try await agent.run(
                NodeAgentHooks(
                    emptyCaches: {},
                    records: { sources in
                        guard sources == [History.source("a")] else { throw Damaged() }
                        return [record]
                    }))
        }
        var answers: [UInt64: NodeReport] = [:]
        for await report in link.reports {
            answers[report.question] = report
            if answers.count == 2 { break }
        }
        run.cancel()
        try await run.value
        #expect(answers[5]?.records == [record] && answers[5]?.failure == "")
        #expect(answers[6]?.records == [] && answers[6]?.failure == "the index is damaged")
    }
}
