import CacheProtocol
import Synchronization
import Testing

@testable import ObjectCache

@Suite struct CoalescingTests {
    private let folder = TemporaryFolder()
    private let journal = TestJournal()

    /// Lets a test hold a fill, and know how many have begun.
    private final class Gate: Sendable {
        private let state = Mutex<(isOpen: Bool, begun: Int, waiting: [CheckedContinuation<Void, Never>])>((false, 0, []))

        var begun: Int { state.withLock { $0.begun } }

        func pass() async {
            await withCheckedContinuation { waiter in
                let isOpen = state.withLock { state in
                    state.begun += 1
                    if !state.isOpen { state.waiting.append(waiter) }
                    return state.isOpen
                }
                if isOpen { waiter.resume() }
            }
        }

        func open() {
            let waiting = state.withLock { state in
                state.isOpen = true
                defer { state.waiting = [] }
                return state.waiting
            }
            for waiter in waiting { waiter.resume() }
        }
    }

    private struct FillFailed: Error, Equatable {}

    private func waiters(_ cache: ObjectCache) -> Int {
        cache.fills.withLock { table in table.waiterCount }
    }

    /// Yields until the condition holds: the test's time limit is what ends it if it never does.
    private func until(_ condition: () -> Bool) async {
        while !condition(), !Task.isCancelled { await Task.yield() }
    }

    private func filled(_ number: Int, fill: UInt64 = 0) -> Filled {
        Filled(metadata: metadata(number, fill: fill), body: body(number, size: 500))
    }

    @Test(.timeLimit(.minutes(5))) func fiftyWaitersShareOneFill() async throws {
        let cache = try smallCache(folder, journal)
        let gate = Gate()
        let answers = try await withThrowingTaskGroup(of: (CachedObject, FillRole).self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await cache.object(for: CacheKey(1), newestMatch: .zero) {
                        await gate.pass()
                        return filled(1)
                    }
                }
            }
            await until { waiters(cache) == 50 }
            gate.open()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(gate.begun == 1)
        #expect(answers.filter { $0.1 == .led }.count == 1)
        #expect(answers.filter { $0.1 == .collapsed }.count == 49)
        #expect(answers.allSatisfy { (try? $0.0.hasRightBytes(1)) == true })
        #expect(cache.lookup(CacheKey(1)).object != nil)
        await cache.shutdown()
    }

    @Test(.timeLimit(.minutes(5))) func whoComesAfterACommandStartsANewFill() async throws {
        let cache = try smallCache(folder, journal)
        let (old, new) = (Gate(), Gate())
        async let first = cache.object(for: CacheKey(1), newestMatch: .zero) {
            await old.pass()
            return filled(1, fill: 0)
        }
        await until { old.begun == 1 }
        let purge = try journal.append(.hardPurge, .source([source(1)]))
        async let second = cache.object(for: CacheKey(1), newestMatch: purge) {
            await new.pass()
            return filled(1, fill: purge.rawValue)
        }
        await until { new.begun == 1 }
        // A newer fill is good enough for one who would have been content with less.
        async let third = cache.object(for: CacheKey(1), newestMatch: purge) { filled(1, fill: purge.rawValue) }
        await until { waiters(cache) == 3 }
        new.open()
        let (answers) = try await (second, third)
        #expect(answers.0.role == .led && answers.1.role == .collapsed)
        old.open()
        #expect(try await first.object.metadata.fillRevision == .zero)
        // The late fill answered those who asked before the purge, and nobody else.
        #expect(cache.lookup(CacheKey(1)).object?.metadata.fillRevision == purge)
        await cache.shutdown()
    }

    @Test(.timeLimit(.minutes(5))) func aLateFillIsNotStored() async throws {
        let cache = try smallCache(folder, journal)
        let gate = Gate()
        async let answer = cache.object(for: CacheKey(1), newestMatch: .zero) {
            await gate.pass()
            return filled(1)
        }
        await until { gate.begun == 1 }
        try journal.append(.erase, .source([source(1)]))
        gate.open()
        _ = try await answer
        #expect(cache.lookup(CacheKey(1)).reason == .absent)
        #expect(cache.statistics.storesRefused == 1)
        await cache.shutdown()
    }

    @Test(.timeLimit(.minutes(5))) func aFillThatBeganBeforeTheCacheWasEmptiedIsNotStored() async throws {
        let cache = try smallCache(folder, journal)
        let gate = Gate()
        async let answer = cache.object(for: CacheKey(1), newestMatch: .zero) {
            await gate.pass()
            return filled(1)
        }
        await until { gate.begun == 1 }
        try await cache.removeAll()
        gate.open()
        _ = try await answer
        #expect(cache.lookup(CacheKey(1)).reason == .absent)
        await cache.shutdown()
    }

    @Test(.timeLimit(.minutes(5))) func aFailureReachesAllWhoWaitAndNobodyAfter() async throws {
        let cache = try smallCache(folder, journal)
        let gate = Gate()
        let failures = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<10 {
                group.addTask {
                    do {
                        _ = try await cache.object(for: CacheKey(1), newestMatch: .zero) {
                            await gate.pass()
                            throw FillFailed()
                        }
                        return false
                    } catch {
                        return error is FillFailed
                    }
                }
            }
            await until { waiters(cache) == 10 }
            gate.open()
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(failures == 10)
        #expect(gate.begun == 1)
        let next = try await cache.object(for: CacheKey(1), newestMatch: .zero) { filled(1) }
        #expect(next.role == .led)
        await cache.shutdown()
    }

    @Test(.timeLimit(.minutes(5))) func aLeaderWhoGivesUpLeavesTheOthersTheirFill() async throws {
        let cache = try smallCache(folder, journal)
        let gate = Gate()
        let leader = Task {
            try await cache.object(for: CacheKey(1), newestMatch: .zero) {
                await gate.pass()
                try Task.checkCancellation()
                return filled(1)
            }
        }
        await until { gate.begun == 1 }
        async let other = cache.object(for: CacheKey(1), newestMatch: .zero) { filled(1) }
        await until { waiters(cache) == 2 }
        leader.cancel()
        // At once, not when the fill ends.
        await until { waiters(cache) == 1 }
        gate.open()
        await #expect(throws: CancellationError.self) { try await leader.value }
        #expect(try await other.role == .collapsed)
        await cache.shutdown()
    }

    @Test(.timeLimit(.minutes(5))) func anObjectThatAFillHasJustBroughtIsFound() async throws {
        let cache = try smallCache(folder, journal)
        cache.store(CacheKey(1), metadata(1), body: body(1, size: 10))
        let found = try await cache.object(for: CacheKey(1), newestMatch: .zero) { throw FillFailed() }
        #expect(found.role == .found)
        let replaced = try await cache.object(for: CacheKey(1), newestMatch: .zero, accepting: { _ in false }) { filled(1) }
        #expect(replaced.role == .led)
        await cache.shutdown()
    }

    @Test(.timeLimit(.minutes(5))) func aFillOlderThanItMayBeIsAnError() async throws {
        let cache = try smallCache(folder, journal)
        let purge = try journal.append(.hardPurge, .all)
        await #expect(throws: ObjectCacheError.self) {
            try await cache.object(for: CacheKey(1), newestMatch: purge) { filled(1, fill: 0) }
        }
        await cache.shutdown()
    }
}
