import CacheProtocol
import Foundation
import Synchronization
import Testing

@testable import NodeAgent

@Suite struct ErasureTests {
    private func history() -> History {
        var history = History(1)
        history.append(.erase, .source([History.source("gone")]))
        return history
    }

    private func report(_ erasure: Erasure) -> RemovalReport {
        RemovalReport(revision: erasure.revision, objects: 3, bytes: 300, at: 7)
    }

    @Test func whatIsErasedIsRefusedFirstThenDestroyedThenReported() async throws {
        let journal = ScriptedJournal(history())
        let (told, tell) = AsyncStream<Void>.makeStream()
        let link = ScriptedLink { _, request in
            if !request.removals.isEmpty { tell.finish() }
            return try await journal.answer(request)
        }
        let agent = try ScriptedLink.agent(DataFolder(path: Folder.make()), link)
        let expected = Mutex<[Erasure]>([])
        let run = Task {
            try await agent.run(
                NodeAgentHooks(
                    emptyCaches: {},
                    expect: { erasures in
                        guard !erasures.isEmpty else { return }
                        #expect(agent.rules.check(History.object("gone"), filledAt: Revision(rawValue: 1)).verdict == .valid)
                        expected.withLock { $0 += erasures }
                    },
                    destroy: { erasures in
                        #expect(expected.withLock { $0 } == erasures, "told before the rules apply it")
                        #expect(agent.rules.check(History.object("gone"), filledAt: Revision(rawValue: 1)).verdict
                            == .refused(by: Revision(rawValue: 2)))
                        #expect(erasures == [Erasure(revision: Revision(rawValue: 2), sources: [History.source("gone")])])
                        return erasures.map(report)
                    }))
        }
        for await _ in told {}
        await journal.acknowledged()
        run.cancel()
        try await run.value
        // Two requests that were under way at once may both have named it; the farewell names it no more.
        let reported = journal.removals.withLock { Set($0) }
        #expect(reported == [report(Erasure(revision: Revision(rawValue: 2), sources: []))])
        #expect(agent.store.withLock { $0.erasures.outstanding.isEmpty && $0.erasures.reports.isEmpty })
    }

    /// The process ends after the erase was acknowledged and before anything was destroyed.
    @Test func anErasureOutlivesTheProcess() async throws {
        let path = try Folder.make()
        let journal = ScriptedJournal(history())
        do {
            let agent = try ScriptedLink.agent(DataFolder(path: path), ScriptedLink { try await journal.answer($1) })
            let run = Task {
                try await agent.run(
                    NodeAgentHooks(
                        emptyCaches: {},
                        destroy: { _ in
                            try await heldOpen()
                            return []
                        }))
            }
            await journal.acknowledged()
            run.cancel()
            try await run.value
        }
        #expect(journal.removals.withLock { $0.isEmpty })
        let (told, tell) = AsyncStream<Void>.makeStream()
        let link = ScriptedLink { _, request in
            if !request.removals.isEmpty { tell.finish() }
            return try await journal.answer(request)
        }
        let agent = try ScriptedLink.agent(DataFolder(path: path), link)
        let run = Task { try await agent.run(NodeAgentHooks(emptyCaches: {}, destroy: { $0.map(report) })) }
        for await _ in told {}
        run.cancel()
        try await run.value
        let reported = journal.removals.withLock { Set($0.map(\.revision)) }
        #expect(reported == [Revision(rawValue: 2)])
    }

    /// A disk that fails is no removal.
    @Test func whatCanNotBeDestroyedIsTriedAgainAndNotReported() async throws {
        struct DiskFailure: Error {}
        let journal = ScriptedJournal(history())
        let tries = Atomic<Int>(0)
        let (told, tell) = AsyncStream<Void>.makeStream()
        let link = ScriptedLink { _, request in
            if !request.removals.isEmpty {
                let tried = tries.load(ordering: .acquiring)
                #expect(tried == 3)
                tell.finish()
            }
            return try await journal.answer(request)
        }
        let agent = try ScriptedLink.agent(DataFolder(path: Folder.make()), link)
        let run = Task {
            try await agent.run(
                NodeAgentHooks(
                    emptyCaches: {},
                    destroy: { erasures in
                        if tries.add(1, ordering: .acquiringAndReleasing).newValue < 3 { throw DiskFailure() }
                        return erasures.map(report)
                    }))
        }
        for await _ in told {}
        run.cancel()
        try await run.value
    }

    @Test func aDamagedFileOfErasuresEmptiesTheCaches() async throws {
        let path = try Folder.make()
        let journal = ScriptedJournal(history())
        do {
            let agent = try ScriptedLink.agent(DataFolder(path: path), ScriptedLink { try await journal.answer($1) })
            let run = Task { try await agent.run(NodeAgentHooks(emptyCaches: {})) }
            await journal.acknowledged()
            run.cancel()
            try await run.value
        }
        let file = URL(fileURLWithPath: path + "/erasures")
        var bytes = try Data(contentsOf: file)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: file)
        let emptied = Atomic<Bool>(false)
        let again = ScriptedJournal(history())
        let agent = try ScriptedLink.agent(DataFolder(path: path), ScriptedLink { try await again.answer($1) })
        let run = Task {
            try await agent.run(NodeAgentHooks(emptyCaches: { emptied.store(true, ordering: .releasing) }))
        }
        await again.acknowledged()
        run.cancel()
        try await run.value
        let wasEmptied = emptied.load(ordering: .acquiring)
        #expect(wasEmptied)
    }

    /// The report of an erase may be ready before the node has come so far as to acknowledge it; an origin would not take it.
    @Test func noRequestReportsWhatItDoesNotAcknowledge() async throws {
        let journal = ScriptedJournal(history())
        let (told, tell) = AsyncStream<Void>.makeStream()
        let link = ScriptedLink { _, request in
            #expect(request.removals.allSatisfy { $0.revision <= request.applied })
            if !request.removals.isEmpty { tell.finish() }
            return try await journal.answer(request)
        }
        let agent = try ScriptedLink.agent(DataFolder(path: Folder.make()), link)
        let run = Task {
            try await agent.run(
                NodeAgentHooks(
                    barrier: {
                        // Applied and on the disk, and not acknowledged: nothing is destroyed yet.
                        if agent.rules.applied == Revision(rawValue: 2) { #expect(agent.dueErasures.isEmpty || agent.acknowledgedRevision == Revision(rawValue: 2)) }
                    }, emptyCaches: {}, destroy: { $0.map(report) }))
        }
        for await _ in told {}
        run.cancel()
        try await run.value
    }

    /// Nobody would end the wait for it: there is nothing left to destroy.
    @Test func whatIsDoneAndNotToldYetIsNotExpectedAgain() async throws {
        let asked = Erasure(revision: Revision(rawValue: 2), sources: [History.source("gone")])
        let journal = ScriptedJournal(history())
        let (told, tell) = AsyncStream<Void>.makeStream()
        let (held, hold) = AsyncStream<Void>.makeStream()
        let (tried, tryFirst) = AsyncStream<Void>.makeStream()
        let isAnswered = Atomic<Bool>(false)
        let triesSince = Atomic<Int>(0)
        let expected = Mutex<[Erasure]>([])
        let link = ScriptedLink { _, request in
            if request.leaves { return .news(FollowNews()) }
            if !request.removals.isEmpty {
                struct Failure: Error {}
                tryFirst.finish()
                // No origin knows before the node has had time to take the answer below: it must not be a new question by then.
                guard isAnswered.load(ordering: .acquiring), triesSince.add(1, ordering: .relaxed).newValue > 2 else {
                    throw Failure()
                }
                tell.finish()
                return .news(FollowNews())
            }
            if request.applied < Revision(rawValue: 2) { return try await journal.answer(request) }
            // Asked before anything was destroyed, and answered when it has been, and no origin knows.
            hold.finish()
            for await _ in tried {}
            isAnswered.store(true, ordering: .releasing)
            return .news(FollowNews(erasures: [asked]))
        }
        let agent = try ScriptedLink.agent(DataFolder(path: Folder.make()), link)
        let run = Task {
            try await agent.run(
                NodeAgentHooks(
                    emptyCaches: {}, expect: { erasures in expected.withLock { $0 += erasures } },
                    destroy: { erasures in
                        for await _ in held {}
                        return erasures.map(report)
                    }))
        }
        for await _ in told {}
        run.cancel()
        try await run.value
        #expect(expected.withLock { $0 } == [asked])
    }

    /// A journal that was restored has lost the report, and asks again.
    @Test func whatAnOriginAsksForAgainIsReportedAgain() async throws {
        let history = history()
        let asked = Erasure(revision: Revision(rawValue: 2), sources: [History.source("gone")])
        let reports = Atomic<Int>(0)
        let journal = ScriptedJournal(history)
        let (told, tell) = AsyncStream<Void>.makeStream()
        let hasAsked = Atomic<Bool>(false)
        let link = ScriptedLink { _, request in
            if !request.removals.isEmpty {
                if reports.add(1, ordering: .acquiringAndReleasing).newValue == 2 { tell.finish() }
                return .news(FollowNews())
            }
            let isReported = reports.load(ordering: .acquiring) == 1
            if isReported, !request.leaves, !hasAsked.exchange(true, ordering: .acquiringAndReleasing) {
                return .news(FollowNews(erasures: [asked]))
            }
            return isReported || request.applied < Revision(rawValue: 2) || request.leaves
                ? try await journal.answer(request) : .news(FollowNews())
        }
        let agent = try ScriptedLink.agent(DataFolder(path: Folder.make()), link)
        let run = Task { try await agent.run(NodeAgentHooks(emptyCaches: {}, destroy: { $0.map(report) })) }
        for await _ in told {}
        run.cancel()
        try await run.value
    }
}
