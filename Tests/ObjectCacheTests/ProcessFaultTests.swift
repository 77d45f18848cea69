import CacheProtocol
import Foundation
import Testing

@testable import ObjectCache

/// Processes that are killed, and clocks that are set.
@Suite(.serialized, .timeLimit(.minutes(60))) struct ProcessFaultTests {
    private let folder = TemporaryFolder()

    /// `VIGNETTE_CACHE_KILLS` cycles, forty without it. Everything fits, so what was written before a kill is found after it,
    /// and nothing older.
    @Test func killsUnderLoad() async throws {
        let cycles = ProcessInfo.processInfo.environment["VIGNETTE_CACHE_KILLS"].flatMap(Int.init) ?? 40
        var generator = SeededGenerator.printed("kills under load")
        let seed = UInt64.random(in: 0..<1 << 40, using: &generator)
        // Segments so small that compaction is always under way, checkpoints so often that kills meet them.
        let settings = ["disk=\(8 << 20)", "segment=\(64 << 10)", "keys=300", "checkpoint=10", "seed=\(seed)"]
        var (written, unsure, stored, hits, moved, slowest, early) = (0, 0, 0, 0, 0, 0, 0)
        for cycle in 0..<cycles {
            if Int.random(in: 0..<8, using: &generator) == 0 {
                // Somewhere in its start.
                let child = try await CacheChild(folder.path, settings, waits: false)
                usleep(UInt32.random(in: 0..<20_000, using: &generator))
                child.kill()
                early += 1
            }
            let child = try await CacheChild(folder.path, settings)
            slowest = max(slowest, child.start.recoveryMilliseconds)
            #expect(child.start.incidents == [], "cycle \(cycle)")
            let found = try await child.ask("check \(written) \(unsure)")
            #expect(found.wrong == 0 && found.old == 0 && found.misses == 0, "cycle \(cycle) of seed \(seed): \(found)")
            hits += found.hits
            unsure = Int.random(in: 1...20, using: &generator)
            child.tell("run \(unsure)")
            var reports: [CacheChild.Report] = []
            for _ in 0..<Int.random(in: 1...30, using: &generator) { reports.append(try await child.answer()) }
            usleep(UInt32.random(in: 0..<5_000, using: &generator))
            child.kill()
            reports += await child.lastWords()
            for report in reports {
                #expect(report.wrong == 0 && report.evictions == 0 && report.incidents == [], "cycle \(cycle): \(report)")
                (stored, moved) = (stored + report.step - written, max(moved, report.recordsMoved))
                written = report.step
            }
        }
        print(
            "kills: \(cycles) under load, \(early) at the start; \(stored) stores, \(hits) hits after kills, "
                + "slowest start \(slowest) ms")
        #expect(moved > 0, "compaction was under way")
    }

    @Test(.enabled(if: TestTools.hasFakeTime, "needs Debian's faketime")) func aClockThatJumps() async throws {
        let time = TemporaryFolder().path + "-time"
        defer { unlink(time) }
        func set(_ offset: String) throws { try Data("\(offset)\n".utf8).write(to: URL(filePath: time)) }
        try set("+0")
        let child = try await CacheChild(
            folder.path, ["keys=100", "checkpoint=10"],
            environment: [
                "LD_PRELOAD": TestTools.fakeTimeLibrary ?? "", "FAKETIME_TIMESTAMP_FILE": time, "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
            ])
        var report = try await child.ask("load 200")
        for offset in ["-3650d", "+3650d", "-1d", "+0"] {
            try set(offset)
            let before = report
            // Checkpoints go on at their pace, and objects are as good as they were.
            report = try await child.load("checkpoints") { $0.checkpoints >= before.checkpoints + 3 }
            #expect(report.wrong == 0 && report.incidents == [])
            #expect(report.dropped == 0)
        }
    }

    @Test func aCheckpointOfAnotherVersion() async throws {
        let journal = TestJournal()
        let cache = try smallCache(folder, journal)
        for number in 0..<50 { cache.store(CacheKey(number), metadata(number), body: body(number, size: 900)) }
        await cache.shutdown()
        // Whole, but of the next layout.
        let path = folder.path + "/index"
        var bytes = Array(try Data(contentsOf: URL(filePath: path)))
        bytes[8] += 1
        bytes.removeLast(4)
        withUnsafeBytes(of: Checksum.crc32c(bytes).littleEndian) { bytes += $0 }
        try Data(bytes).write(to: URL(filePath: path))
        let child = try await CacheChild(folder.path, [])
        #expect(child.start.objects == 50 && child.start.corruptions == 1)
        #expect(child.start.kinds == ["corruptCheckpoint"] && child.start.incidents[0].contains("another version"))
        #expect(try await child.ask("checkpoint").checkpoints == 1)
        child.kill()
        #expect(try await CacheChild(folder.path, []).start.incidents == [])
    }
}
