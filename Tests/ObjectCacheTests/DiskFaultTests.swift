import Foundation
import Testing

/// Disks that are full, fail or are taken away, under a cache in a process of its own: it goes on answering with what is
/// undamaged, stores again when it can, and says what happened.
@Suite(.serialized, .timeLimit(.minutes(5))) struct DiskFaultTests {
    static let noDisk: Comment = "needs root, e2fsprogs and loop devices"
    private static let noFaults: Comment = "needs Debian's fiu-utils"

    /// What every call that writes by name or by descriptor gives on a disk that is read-only.
    private static let writing = ["rw/pwrite", "rw/write", "rw/ftruncate", "oc/open", "dir/rename", "dir/unlink"]

    /// Steps until new records are on the disk.
    private func recovered(_ child: CacheChild, _ before: CacheChild.Report) async throws -> CacheChild.Report {
        try await child.load("it stores again") { $0.recordsWritten > before.recordsWritten }
    }

    // MARK: Full

    @Test(.enabled(if: TestTools.canMount, noDisk)) func aDiskSmallerThanTheLimit() async throws {
        let disk = try LoopDisk()
        let settings = ["disk=\(64 << 20)", "segment=\(256 << 10)", "keys=20000", "checkpoint=100"]
        let child = try await CacheChild(disk.path + "/cache", settings)
        // Three times what the disk holds.
        let report = try await child.ask("load 12000")
        #expect(report.wrong == 0)
        #expect(report.dropped == 0, "a full disk is no reason not to store: \(report)")
        #expect(report.evictions > 0)
        #expect(report.diskLimit == 64 << 20)
        #expect(report.diskEffectiveLimit <= 16 << 20)
        #expect(report.diskBytes <= report.diskEffectiveLimit)
        #expect(report.diskBytes > 12 << 20, "what the disk holds is used")
        #expect(report.kinds == ["diskFull"], "\(report.incidents)")

        // Somebody else takes all that is left: older objects give way, not the newest.
        let other = disk.path + "/other"
        try fill(other)
        let less = try await child.ask("load 1000")
        #expect(less.wrong == 0)
        #expect(less.dropped < 10, "\(less)")
        #expect(less.objects > report.objects / 2, "a bit of room costs a bit of the cache")
        // And gives it back.
        try FileManager.default.removeItem(atPath: other)
        let more = try await child.ask("load 1000")
        #expect(more.diskEffectiveLimit > less.diskEffectiveLimit)

        // What was flushed is there after a kill, as far as it was not evicted.
        child.kill()
        let next = try await CacheChild(disk.path + "/cache", settings)
        let found = try await next.ask("check 14000")
        #expect(found.wrong == 0 && found.old == 0)
        #expect(found.hits > more.objects * 9 / 10)
    }

    private func fill(_ path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT, 0o644)
        defer { close(file) }
        let piece = [UInt8](repeating: 1, count: 4096)
        while write(file, piece, piece.count) == piece.count {}
    }

    @Test(.enabled(if: TestTools.canMount, noDisk)) func aDiskWithoutInodes() async throws {
        let disk = try LoopDisk(inodes: 32)
        let child = try await CacheChild(
            disk.path + "/cache", ["disk=\(64 << 20)", "segment=\(64 << 10)", "keys=5000", "checkpoint=50"])
        let report = try await child.ask("load 3000")
        #expect(report.wrong == 0)
        #expect(report.dropped == 0, "\(report)")
        #expect(report.evictions > 0 && report.segments > 8)
        #expect(report.kinds == ["diskFull"], "\(report.incidents)")
        // A checkpoint finds an inode.
        #expect(try await child.ask("checkpoint").checkpoints > 0)
        #expect(try await child.ask("load 10").writeFailures == 0)
    }

    @Test(.enabled(if: TestTools.hasFaults, noFaults)) func aQuotaThatTheFileSystemDoesNotTell() async throws {
        let (folder, faults) = (TemporaryFolder(), FaultControl())
        let child = try await CacheChild(
            folder.path, ["segment=\(128 << 10)", "keys=5000", "checkpoint=20"], environment: faults.environment)
        defer { faults.remove(child) }
        let before = try await child.ask("load 600")
        try await faults.fail(["rw/pwrite"], with: ENOSPC, in: child)
        let full = try await child.ask("load 300")
        #expect(full.wrong == 0)
        #expect(full.diskEffectiveLimit < full.diskLimit && full.storesUnwritten > 0)
        #expect(full.writeFailures < 20, "a disk that takes nothing is not asked for each object")
        #expect(full.objects > before.objects / 2)
        // Where giving way does not help, no more gives way.
        let fuller = try await child.load("it tries again") { $0.writeFailures > full.writeFailures + 1 }
        #expect(fuller.diskEffectiveLimit == full.diskEffectiveLimit)
        try await faults.mend(["rw/pwrite"], in: child)
        let after = try await child.load("the limit comes back") { $0.diskEffectiveLimit == $0.diskLimit }
        #expect(after.recordsWritten > full.recordsWritten)
        #expect(after.wrong == 0)
        // Whether a checkpoint came into it is chance.
        #expect(after.kinds.filter { $0 != "checkpointFailed" } == ["diskFull"], "\(after.incidents)")
    }

    // MARK: Failing

    @Test(.enabled(if: TestTools.hasFaults, noFaults), arguments: [EIO, EROFS])
    func aDiskThatTakesNoWrites(code: CInt) async throws {
        let (folder, faults) = (TemporaryFolder(), FaultControl())
        let child = try await CacheChild(
            folder.path, ["disk=\(1 << 20)", "segment=\(32 << 10)", "keys=400", "checkpoint=50"], environment: faults.environment)
        defer { faults.remove(child) }
        // More than it holds, so that a store must unlink and move.
        let before = try await child.ask("load 1000")
        #expect(before.evictions > 0)
        let calls = code == EROFS ? Self.writing : ["rw/pwrite"]
        try await faults.fail(calls, with: code, in: child)
        let failing = try await child.ask("load 1000")
        #expect(failing.wrong == 0)
        #expect(failing.recordsWritten <= before.recordsWritten + 1)
        #expect(failing.storesUnwritten > 700, "\(failing)")
        #expect((1..<100).contains(failing.writeFailures - before.writeFailures), "not asked for each object: \(failing)")
        #expect(failing.kinds.filter { $0 == "writeFailed" }.count == 1, "told once: \(failing.incidents)")
        #expect(Set(failing.kinds).count == failing.kinds.count)
        #expect(failing.evictions - before.evictions < 60, "\(failing)")
        if code == EROFS {
            var later = failing
            for _ in 0..<5 { later = try await child.ask("load 1000") }
            #expect(later.evictions == failing.evictions, "nothing gives way in vain: \(later)")
        }
        // Each version that was replaced is gone, whatever the disk does; what was not asked for anew goes on.
        #expect(failing.hits > before.hits)
        try await faults.mend(calls, in: child)
        let after = try await recovered(child, failing)
        #expect(after.wrong == 0)
        let later = try await child.ask("load 1000")
        #expect(later.dropped == after.dropped)
        #expect(later.diskBytes <= later.diskLimit && folder.allocatedBytes <= later.diskLimit)
        #expect(later.wrong == 0)
    }

    @Test(.enabled(if: TestTools.hasFaults, noFaults)) func aDiskThatGivesNoReads() async throws {
        let (folder, faults) = (TemporaryFolder(), FaultControl())
        let child = try await CacheChild(folder.path, ["memory=0", "keys=200"], environment: faults.environment)
        defer { faults.remove(child) }
        let before = try await child.ask("load 400")
        try await faults.fail(["rw/pread"], with: EIO, in: child)
        let failing = try await child.ask("load 40")
        #expect(failing.wrong == 0)
        #expect(failing.readFailures > before.readFailures)
        #expect(failing.kinds == ["readFailed"], "told once: \(failing.incidents)")
        #expect(failing.objects < before.objects, "what can't be read is dropped")
        try await faults.mend(["rw/pread"], in: child)
        let after = try await child.ask("load 400")
        #expect(after.wrong == 0 && after.readFailures == failing.readFailures)
        #expect(after.diskHits > failing.diskHits + 100)
        // Reads that fail at the start cost what lies there, not the start.
        child.kill()
        let next = try await CacheChild(
            folder.path, ["memory=0", "keys=200"], through: ["fiu-run", "-x", "-c", "enable name=posix/io/rw/pread,failinfo=5"])
        #expect(next.start.objects == 0 && next.start.readFailures > 0 && next.start.corruptions == 0, "\(next.start!)")
        #expect(next.start.kinds == ["readFailed"])
    }

    @Test(.enabled(if: TestTools.canMount, noDisk)) func aDiskThatTurnsReadOnly() async throws {
        let disk = try LoopDisk()
        let child = try await CacheChild(disk.path + "/cache", ["disk=\(4 << 20)", "memory=0", "keys=300", "checkpoint=50"])
        let before = try await child.ask("load 600")
        try await disk.failToReadOnly()
        let failing = try await child.ask("load 300")
        #expect(failing.wrong == 0)
        #expect(failing.diskHits > before.diskHits, "what can be read is served")
        #expect(failing.storesUnwritten > 0 && (1..<100).contains(failing.writeFailures), "\(failing)")
        #expect(Set(failing.kinds).count == failing.kinds.count, "\(failing.incidents)")
        #expect(failing.kinds.contains("writeFailed"))
        // It ends when it is told to, and look-ups go on even then.
        #expect(try await child.ask("stop").wrong == 0)
        #expect(try await child.ask("check 300").hits > failing.hits)
    }

    @Test(.enabled(if: TestTools.hasFaults, noFaults)) func whatCannotBeSyncedIsNotCalledDurable() async throws {
        let (folder, faults) = (TemporaryFolder(), FaultControl())
        let child = try await CacheChild(folder.path, ["keys=50"], environment: faults.environment)
        defer { faults.remove(child) }
        let before = try await child.ask("load 20")
        try await faults.fail(["sync/fsync"], with: EIO, in: child)
        try await child.ask("load 5")
        let failing = try await child.ask("checkpoint")
        #expect(failing.checkpoints == before.checkpoints && failing.writeFailures > before.writeFailures)
        #expect(failing.kinds == ["checkpointFailed"])
        #expect(try await child.ask("purge").notDurable == 1)
        try await faults.mend(["sync/fsync"], in: child)
        #expect(try await child.ask("purge").notDurable == 1)
        #expect(try await child.ask("load 20").wrong == 0)
        #expect(try await child.ask("checkpoint").checkpoints > before.checkpoints)
    }

    @Test(.enabled(if: TestTools.hasFaults, noFaults)) func whatIsStoredAfterAnEmptyingThatFailedIsFoundAgain() async throws {
        // At random, the new state's own sync fails, or that of the folder after it has taken its place, or none.
        let folder = TemporaryFolder()
        for round in 0..<16 {
            let (settings, faults) = (["keys=50", "seed=\(round)"], FaultControl())
            let child = try await CacheChild(folder.path, settings, environment: faults.environment)
            defer { faults.remove(child) }
            try await faults.fail(["sync/fsync"], with: EIO, probability: 0.5, in: child)
            try await child.ask("purge")
            let stored = try await child.ask("load 20")
            #expect(stored.dropped == 0)
            child.kill()
            let next = try await CacheChild(folder.path, settings)
            let found = try await next.ask("check 20")
            #expect(found.misses == 0 && found.old == 0 && found.wrong == 0, "\(found)")
            next.kill()
        }
    }

    @Test(.enabled(if: TestTools.hasFaults, noFaults)) func callsThatFailAtRandom() async throws {
        let (folder, faults) = (TemporaryFolder(), FaultControl())
        let settings = ["disk=\(1 << 20)", "segment=\(32 << 10)", "keys=300", "memory=0", "checkpoint=20"]
        let child = try await CacheChild(folder.path, settings, environment: faults.environment)
        defer { faults.remove(child) }
        try await child.ask("load 1000")
        let calls = Self.writing + ["rw/pread", "rw/pread/reduce", "rw/pwrite/reduce", "sync/fsync", "sync/fdatasync"]
        for code in [EIO, ENOSPC, EMFILE] {
            try await faults.fail(calls, with: code, probability: 0.1, in: child)
            for _ in 0..<10 {
                let report = try await child.ask("load 200")
                #expect(report.wrong == 0 && report.diskBytes <= report.diskLimit, "\(report)")
                #expect(Set(report.kinds).count == report.kinds.count, "told once: \(report.incidents)")
                try await child.ask("checkpoint")
            }
            try await child.ask("purge")
            try await faults.mend(calls, in: child)
        }
        let after = try await recovered(child, try await child.ask("report"))
        #expect(after.wrong == 0 && after.readFailures > 0 && after.writeFailures > 0)
        child.kill()
        let next = try await CacheChild(folder.path, settings)
        #expect(try await next.ask("check \(after.step)").wrong == 0)
    }
}
