import CacheProtocol
import Logging
import NodeAgent
import Synchronization
import Testing

@Suite struct NodeAgentTests {
    private func agent(_ folder: DataFolder, _ link: any JournalLink) throws -> NodeAgent {
        try ScriptedLink.agent(folder, link)
    }

    @Test func acknowledgesOnlyAfterTheBarrierAndAnswersOnlyOnceTheHeadIsApplied() async throws {
        let history = History(3)
        let barriers = Atomic<Int>(0)
        let (reached, reach) = AsyncStream<Void>.makeStream()
        let link = ScriptedLink { number, request in
            switch number {
            case 1:
                #expect(request.joins && request.journal == nil)
                return .startOver(history.id)
            case 2:
                // The grant names a head that this batch does not reach.
                return .news(FollowNews(entries: Array(history.entries[..<2]), grant: Grant(head: Revision(rawValue: 3), duration: 60_000)))
            case 3:
                #expect(request.applied == Revision(rawValue: 2) && request.chain == history.entries[1].chain)
                #expect(barriers.load(ordering: .acquiring) >= 1)
                return .news(FollowNews(entries: [history.entries[2]]))
            default:
                #expect(request.leaves || request.applied == Revision(rawValue: 3))
                if !request.leaves { reach.finish() }
                if !request.leaves { try await heldOpen() }
                return .news(FollowNews(entries: []))
            }
        }
        let agent = try agent(DataFolder(path: Folder.make()), link)
        let hooks = NodeAgentHooks(
            barrier: {
                // Between the two batches: what was granted can't be used yet.
                if agent.rules.applied == Revision(rawValue: 2) { #expect(!agent.lease.mayAnswer(at: .now())) }
                barriers.add(1, ordering: .releasing)
            }, emptyCaches: {})
        let run = Task { try await agent.run(hooks) }
        for await _ in reached {}
        #expect(agent.lease.mayAnswer(at: .now()))
        run.cancel()
        try await run.value
        #expect(!agent.lease.mayAnswer(at: .now()))
        #expect(link.requests.withLock { $0.last?.leaves } == true)
    }

    @Test func aNodeOffTheChainGivesUpItsLeaseBeforeItEmptiesItsCaches() async throws {
        let history = History(1)
        let other = JournalID(Digest128(high: 9, low: 9))
        let (reached, reach) = AsyncStream<Void>.makeStream()
        let link = ScriptedLink { number, request in
            switch number {
            case 1: return .startOver(history.id)
            case 2: return .news(FollowNews(entries: history.entries, grant: Grant(head: Revision(rawValue: 1), duration: 60_000)))
            case 3: return .startOver(other)
            default:
                if !request.leaves {
                    #expect(request.journal == other && request.applied == .zero)
                    reach.finish()
                    try await heldOpen()
                }
                return .news(FollowNews(entries: []))
            }
        }
        let agent = try agent(DataFolder(path: Folder.make()), link)
        let emptied = Atomic<Int>(0)
        let run = Task {
            try await agent.run(
                NodeAgentHooks(emptyCaches: {
                    #expect(!agent.lease.mayAnswer(at: .now()))
                    emptied.add(1, ordering: .releasing)
                }))
        }
        for await _ in reached {}
        #expect(emptied.load(ordering: .acquiring) == 2)
        #expect(!agent.lease.mayAnswer(at: .now()))
        run.cancel()
        try await run.value
    }

    @Test func aRestartedNodeGoesOnWhereItWasAndMayAnswerWithoutNews() async throws {
        let history = History(2)
        let path = try Folder.make()
        let first = ScriptedLink { number, request in
            if number == 1 { return .startOver(history.id) }
            if number == 2 { return .news(FollowNews(entries: history.entries)) }
            throw CancellationError()
        }
        try await agent(DataFolder(path: path), first).run(NodeAgentHooks(emptyCaches: {}))
        let (reached, reach) = AsyncStream<Void>.makeStream()
        let second = ScriptedLink { number, request in
            if number == 1 {
                #expect(request.applied == Revision(rawValue: 2) && request.chain == history.entries[1].chain)
                return .news(FollowNews(entries: [], grant: Grant(head: Revision(rawValue: 2), duration: 60_000)))
            }
            reach.finish()
            if !request.leaves { try await heldOpen() }
            return .news(FollowNews(entries: []))
        }
        let agent = try agent(DataFolder(path: path), second)
        let run = Task { try await agent.run(NodeAgentHooks(emptyCaches: { Issue.record("nothing is to be emptied") })) }
        for await _ in reached {}
        #expect(agent.lease.mayAnswer(at: .now()))
        run.cancel()
        try await run.value
    }

    @Test func twoProcessesNeverShareAFolder() throws {
        let path = try Folder.make()
        let identity: UInt64
        do {
            let first = try DataFolder(path: path)
            identity = first.identity
            #expect { try DataFolder(path: path) } throws: { "\($0)".contains("in use by another node") }
            withExtendedLifetime(first) {}
        }
        #expect(try DataFolder(path: path).identity == identity)
    }
}
