import Foundation
import Testing

@testable import ObjectCache

/// A folder that is deleted, replaced, or wanted by two.
@Suite(.serialized, .timeLimit(.minutes(5))) struct FolderFaultTests {
    private let folder = TemporaryFolder()
    private let settings = ["disk=\(2 << 20)", "segment=\(64 << 10)", "keys=600", "checkpoint=50"]

    @Test func aFolderDeletedUnderFoot() async throws {
        let child = try await CacheChild(folder.path, settings)
        var report = try await child.ask("load 500")
        for _ in 0..<3 {
            try FileManager.default.removeItem(atPath: folder.path)
            for _ in 0..<10 {
                let before = report
                report = try await child.ask("load 100")
                #expect(report.wrong == 0 && report.hits > before.hits)
                #expect(report.diskBytes <= report.diskLimit)
                // Files without a name take room as long as they are open.
                #expect(folder.allocatedBytes + namelessBytes(of: child) <= report.diskLimit)
            }
        }
        #expect(report.dropped < 10, "it stores on: \(report)")
        // A checkpoint that was being written as it went may be told of too.
        #expect(report.kinds.filter { $0 != "checkpointFailed" } == ["folderLost"], "told once: \(report.incidents)")
        // What came since is found by the next.
        child.kill()
        let next = try await CacheChild(folder.path, settings)
        let found = try await next.ask("check 3500")
        #expect(found.wrong == 0 && found.old == 0 && found.hits > 100, "\(found)")
    }

    /// Blocks of files that the child holds open though they have no name any more.
    private func namelessBytes(of child: CacheChild) -> Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(child.pid)/fd")) ?? []
        return names.reduce(0) { sum, name in
            var status = stat()
            let path = "/proc/\(child.pid)/fd/\(name)"
            // Of this folder: the child may have inherited others' from the tests' process.
            guard let file = try? FileManager.default.destinationOfSymbolicLink(atPath: path), file.hasPrefix(folder.path + "/"),
                stat(path, &status) == 0, status.st_nlink == 0, status.st_mode & S_IFMT == S_IFREG
            else { return sum }
            return sum + Int(status.st_blocks) * 512
        }
    }

    @Test func aFolderThatCannotBeMadeAnew() async throws {
        let child = try await CacheChild(folder.path + "/cache", settings)
        let before = try await child.ask("load 500")
        try FileManager.default.removeItem(atPath: folder.path)
        // A file is in the way.
        try Data().write(to: URL(filePath: folder.path))
        let lost = try await child.ask("load 500")
        #expect(lost.wrong == 0 && lost.hits > before.hits)
        #expect(lost.storesUnwritten > 0 && lost.diskBytes <= lost.diskLimit, "\(lost)")
        #expect(lost.writeFailures < 100)
        // A checkpoint that was being written as it went may be told of too.
        #expect(lost.kinds.filter { $0 != "checkpointFailed" } == ["folderLost"], "told once: \(lost.incidents)")
        try FileManager.default.removeItem(atPath: folder.path)
        let report = try await child.load("it stores again") { $0.recordsWritten > lost.recordsWritten }
        #expect(report.wrong == 0)
    }

    @Test func aFolderReplacedByAnother() async throws {
        // The other one is full, so that a cache that took it for its own would unlink and overwrite.
        let other = TemporaryFolder()
        let owner = try await CacheChild(other.path, settings)
        try await owner.ask("load 1000")
        try await owner.ask("stop")
        owner.kill()
        let child = try await CacheChild(folder.path, settings)
        let before = try await child.ask("load 1000")
        let (aside, content) = (TemporaryFolder(), try contents(of: other.path))
        // Stopped, or it could make its folder anew between the two.
        child.signal(SIGSTOP)
        try FileManager.default.moveItem(atPath: folder.path, toPath: aside.path)
        try FileManager.default.moveItem(atPath: other.path, toPath: folder.path)
        child.signal(SIGCONT)
        let replaced = try await child.ask("load 1000")
        #expect(replaced.wrong == 0 && replaced.hits > before.hits)
        #expect(try contents(of: folder.path) == content, "it is somebody else's")
        #expect(replaced.storesUnwritten > 0 && replaced.diskBytes <= replaced.diskLimit)
        // A checkpoint that was being written as it went may be told of too.
        #expect(replaced.kinds.filter { $0 != "checkpointFailed" } == ["folderLost"], "told once: \(replaced.incidents)")
        // Put back, it is stored to again.
        child.signal(SIGSTOP)
        try FileManager.default.moveItem(atPath: folder.path, toPath: other.path)
        try FileManager.default.moveItem(atPath: aside.path, toPath: folder.path)
        child.signal(SIGCONT)
        _ = try await child.load("it stores again") { $0.recordsWritten > replaced.recordsWritten }
        let later = try await child.ask("load 1000")
        #expect(later.wrong == 0 && later.diskBytes <= later.diskLimit && folder.allocatedBytes <= later.diskLimit)
        // What could not be unlinked meanwhile is gone by now: nothing is live in the active segment at the most.
        try await child.ask("checkpoint")
        let inspection = try CacheInspection(of: folder.path, depth: .index, now: 0)
        #expect(inspection.segments.filter { $0.liveBytes == 0 }.count <= 1)
    }

    @Test func aFolderMovedAwayAndBack() async throws {
        let child = try await CacheChild(folder.path, settings)
        let before = try await child.ask("load 1000")
        let aside = TemporaryFolder()
        try FileManager.default.moveItem(atPath: folder.path, toPath: aside.path)
        let moved = try await child.ask("load 100")
        #expect(moved.wrong == 0 && moved.hits > before.hits)
        #expect(moved.storesUnwritten > 0 && moved.diskBytes <= moved.diskLimit)
        #expect(moved.kinds.filter { $0 != "checkpointFailed" } == ["folderLost"], "told once: \(moved.incidents)")
        #expect(!FileManager.default.fileExists(atPath: folder.path), "nothing is in its way")
        try FileManager.default.moveItem(atPath: aside.path, toPath: folder.path)
        let back = try await child.load("it stores again") { $0.recordsWritten > moved.recordsWritten }
        #expect(back.wrong == 0 && folder.allocatedBytes <= back.diskLimit)
        // A restart finds what was there before and nothing has replaced since, too.
        let left = try await child.ask("stop")
        child.kill()
        let next = try await CacheChild(folder.path, settings)
        #expect(next.start.objects == left.objects && left.objects > 0)
    }

    private func contents(of folder: String) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return try Dictionary(uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(filePath: folder + "/" + $0))) })
    }

    @Test func twoProcessesOnOneFolder() async throws {
        let first = try await CacheChild(folder.path, settings)
        try await first.ask("load 100")
        for isStopped in [false, true] {
            // One that does not run holds its folder as well as one that does.
            if isStopped { first.signal(SIGSTOP) }
            let failure = await #expect(throws: CacheChild.Failure.self) { _ = try await CacheChild(folder.path, settings) }
            #expect(failure?.description.contains("in use by the process \(first.pid)") == true, "\(failure?.description ?? "")")
        }
        first.signal(SIGCONT)
        let report = try await first.ask("load 500")
        #expect(report.wrong == 0 && report.dropped == 0 && report.incidents == [])
        first.kill()
        let second = try await CacheChild(folder.path, settings)
        #expect(try await second.ask("check 600").wrong == 0)
    }

    @Test func aStartWithTooFewFilesDropsNothing() async throws {
        let child = try await CacheChild(folder.path, settings)
        let before = try await child.ask("load 1000")
        child.kill()
        let failure = await #expect(throws: CacheChild.Failure.self) {
            _ = try await CacheChild(folder.path, settings, through: ["prlimit", "--nofile=16"])
        }
        #expect(failure?.description.contains("Too many open files") == true, "\(failure?.description ?? "")")
        let next = try await CacheChild(folder.path, settings)
        #expect(next.start.objects >= before.objects && next.start.incidents == [])
    }
}
