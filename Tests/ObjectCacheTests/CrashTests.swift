import CacheProtocol
import Foundation
import Testing

@testable import ObjectCache

/// How many states the long runs look at in all; the small workloads' are enumerated.
private let states = ProcessInfo.processInfo.environment["VIGNETTE_CRASH_STATES"].flatMap(Int.init) ?? 600

/// What a power cut may leave of the folder, and what the cache makes of it: nothing is lost that was promised, nothing is back
/// that was destroyed. `VIGNETTE_SEED` replays a run, `VIGNETTE_CRASH_STATES` looks at more power cuts.
@Suite(.timeLimit(.minutes(5 + states / 100)))
struct CrashTests {
    enum Workload: String, CaseIterable, CustomTestStringConvertible {
        case fill, replace, evict, compact, purge, floor, removeAll, erase, eraseOfWhatIsGone, eraseAndEvict, eraseAndRemoveAll
        case eraseOfWhatWasGivenBack, eraseKilled, eraseThatFails, eraseThatFailsKilled, eraseKilledThatFails
        case eraseOfWhatWasGivenBackThatFails
        case kill, stop

        var testDescription: String { rawValue }
    }

    @Test(arguments: Workload.allCases) func everyPowerCut(_ workload: Workload) async throws {
        let generator = SeededGenerator.printed("power cuts, \(workload.rawValue)")
        let session = try await CrashSession(TemporaryFolder(inMemory: true), CrashJournal())
        try await session.run(workload)
        let check = CrashCheck(workload.rawValue, generator)
        try await check.everyStep(of: session)
        await session.shutdown()
        print("\(workload): \(session.trace.steps.count) steps, \(check.states) states, \(check.hits) hits, \(check.found) found")
        #expect(check.isBroken || (check.states > 20 && check.hits > 0 && check.found > 0))
    }

    private static let runs: ClosedRange<UInt64> = 1...2

    @Test(arguments: runs) func longRuns(_ run: UInt64) async throws {
        var generator = SeededGenerator.printed("power cuts, long run \(run)")
        for _ in 0..<run { _ = generator.next() }
        let check = CrashCheck("long run \(run)", SeededGenerator(generator.next()))
        var session = try await CrashSession(TemporaryFolder(inMemory: true), CrashJournal())
        while check.states < states / Self.runs.count, !check.isBroken {
            for _ in 0..<60 { try await session.step(&generator) }
            await session.shutdown()
            let left = try await check.someSteps(of: session, count: 30)
            // Life goes on with what one of the power cuts has left; not for ever, because all that was ever stored is kept.
            guard let (folder, promises) = left, promises.versions.count < 300 else {
                session = try await CrashSession(TemporaryFolder(inMemory: true), CrashJournal())
                continue
            }
            session = try await CrashSession(folder, try CrashJournal(session.journal, commands: promises.commands), promises)
        }
        await session.shutdown()
        print("long run \(run): \(check.states) states, \(check.hits) hits, \(check.found) found")
        #expect(check.isBroken || check.hits > 0)
    }
}

extension CrashSession {
    fileprivate func run(_ workload: CrashTests.Workload) async throws {
        try await begin()
        switch workload {
        case .fill: for number in 6..<12 { store(number, size: 300 + number * 900) }
        case .replace:
            for number in 0..<6 { store(number, size: 2_000) }
            await settle()
            for number in 0..<3 { store(number, size: 2_000) }
        case .evict: for number in 10..<20 { store(number, size: 100 << 10) }
        case .compact: try await fillAndCompact()
        case .purge:
            try await purge(2)
            lookup(2)
            store(2, size: 900)
            await settle()
            await sweep()
        case .floor:
            try await raiseFloor(to: 2)
            for number in 0..<4 { store(number, size: 700) }
        case .removeAll:
            try await removeAll()
            for number in 0..<4 { store(number, size: 700) }
        case .erase:
            try await expectErase(of: 3)
            store(9, size: 3_000)
            await settle()
            try await reclaim()
        case .eraseOfWhatIsGone:
            for number in 16..<18 { store(number, size: 40 << 10) }
            await settle()
            remove(16)
            await settle()
            try await expectErase(of: 6)
            try await reclaim()
        case .eraseAndEvict:
            try await expectErase(of: 3)
            for number in 10..<20 { store(number, size: 100 << 10) }
            await settle()
            try await reclaim()
        case .eraseAndRemoveAll:
            try await expectErase(of: 3)
            try await removeAll()
            store(9, size: 3_000)
        case .eraseKilled:
            try await expectErase(of: 3)
            try await killInReclaim()
            try await reclaim()
        case .eraseThatFails, .eraseThatFailsKilled, .eraseKilledThatFails:
            // Makes the whole segment durable.
            try await expectErase(of: 5)
            try await reclaim()
            try await expectErase(of: 3)
            if workload == .eraseKilledThatFails { try await killInReclaim() }
            try await reclaimInVain()
            if workload == .eraseThatFailsKilled { try await kill() }
            try await reclaim()
        case .eraseOfWhatWasGivenBack, .eraseOfWhatWasGivenBackThatFails:
            store(13, size: 20 << 10)
            store(25, size: 1_000)
            store(14, size: 2_000)
            await settle()
            // Makes the whole segment durable.
            try await expectErase(of: 5)
            try await reclaim()
            for number in 16..<18 { store(number, size: 20 << 10) }
            await settle()
            remove(13)
            await settle()
            #expect(cache.statistics.bytesGivenBack > 0)
            try await expectErase(of: 3)
            if workload == .eraseOfWhatWasGivenBackThatFails { try await reclaimInVain() }
            try await reclaim()
        case .kill:
            remove(1)
            try await kill()
            store(1, size: 500)
            await settle()
            try await expectErase(of: 3)
            try await kill()
            try await reclaim()
        case .stop: break
        }
        await settle()
        await checkpoint()
        await settle()
        await shutdown()
    }

    /// Six objects of two revisions; half of them before a checkpoint.
    private func begin() async throws {
        for number in 0..<4 { store(number, size: 200 + number * 2_500) }
        await settle()
        await checkpoint()
        try await purge(8)
        for number in 4..<6 { store(number, size: number * 900) }
        lookup(0)
        await settle()
        try await purge(9)
    }

    private func fillAndCompact() async throws {
        for number in 10..<30 { store(number, size: 15 << 10) }
        await settle()
        for number in 10..<30 where number % 4 > 0 { remove(number) }
        store(30, size: 500)
        await settle()
    }

    fileprivate func step(_ generator: inout SeededGenerator) async throws {
        func random(_ range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }
        switch random(0..<100) {
        case 0..<55: store(random(0..<Self.keys), size: random(0..<8) == 0 ? random(10_000..<120_000) : random(64..<9_000))
        case 55..<65: lookup(random(0..<Self.keys))
        case 65..<70: remove(random(0..<Self.keys))
        case 70..<76: await checkpoint()
        case 76..<82: try await purge(random(0..<10))
        case 82..<84: await sweep()
        case 84..<87: try await expectErase(of: random(0..<10))
        case 87..<91:
            switch random(0..<8) {
            case 0: try await reclaimInVain()
            case 1: try await killInReclaim()
            default: try await reclaim()
            }
        case 91..<93: try await raiseFloor(to: UInt64(max(0, Int(journal.rules.applied.rawValue) - random(1..<10))))
        case 93: if random(0..<3) == 0 { try await removeAll() }
        case 94..<96: try await reopen()
        case 96..<98: try await kill()
        default: break
        }
        if random(0..<3) > 0 { await settle() }
    }
}
