import Testing

/// A disk that is behind, or does not answer at all: fills are served and not stored, and counted; look-ups go on.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SlowDiskTests {
    @Test func aWriterThatIsBehind() async throws {
        let folder = TemporaryFolder()
        let child = try await CacheChild(folder.path, ["behind=1", "keys=100"])
        let report = try await child.ask("push 3000")
        #expect(report.wrong == 0 && report.stored > 0)
        #expect(report.storesOverloaded > 0 && report.storesOverloaded == report.step - report.stored, "\(report)")
        #expect(report.kinds == ["overloaded"], "told once: \(report.incidents)")
    }

    @Test(.enabled(if: TestTools.canMount && TestTools.hasFreeze, DiskFaultTests.noDisk))
    func aDiskThatHangs() async throws {
        let disk = try LoopDisk()
        let child = try await CacheChild(disk.path + "/cache", ["behind=100000", "keys=100", "size=2000"])
        try await child.ask("load 300")
        try await TestTools.run("fsfreeze", "-f", disk.path)
        var isFrozen = true
        defer { if isFrozen { try? TestTools.runBlocking("fsfreeze", "-u", disk.path) } }
        let before = try await child.ask("report")
        let hanging = try await child.ask("push 1000")
        #expect(hanging.wrong == 0)
        #expect(hanging.hits > before.hits, "look-ups don't wait for the writer")
        #expect(hanging.storesOverloaded > 0 && hanging.storesOverloaded == hanging.step - hanging.stored, "\(hanging)")
        #expect(hanging.kinds == ["overloaded"], "told once: \(hanging.incidents)")
        try await TestTools.run("fsfreeze", "-u", disk.path)
        isFrozen = false
        let after = try await child.ask("flush")
        #expect(after.recordsWritten > hanging.recordsWritten)
        #expect(try await child.ask("load 10").stored == after.stored + 10)
    }
}
