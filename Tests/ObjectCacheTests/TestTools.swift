import Foundation
import TestPrograms

/// Programs and rights that some tests need and some machines lack.
enum TestTools {
    static let canMount = isRoot && has("mkfs.ext4") && has("losetup") && mountsLoopDevices
    static let hasFreeze = has("fsfreeze")
    static let hasFaults = FileManager.default.fileExists(atPath: FaultControl.preloaded[1]) && has("fiu-ctrl")
    static let hasFakeTime = has("faketime") && fakeTimeLibrary != nil

    static var fakeTimeLibrary: String? {
        let folders = ((try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? []).map { "/usr/lib/\($0)/faketime" }
        return folders.map { $0 + "/libfaketime.so.1" }.first { FileManager.default.fileExists(atPath: $0) }
    }

    private static let isRoot = getuid() == 0

    /// In a container without the rights or the devices it can't be done.
    private static var mountsLoopDevices: Bool {
        (try? LoopDisk(megabytes: 2, inodes: 64)) != nil
    }

    private static func has(_ program: String) -> Bool { path(of: program) != nil }

    static func path(of program: String) -> String? {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return (folders + ["/usr/sbin", "/sbin"]).map { "\($0)/\(program)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// Runs a program to its end.
    static func run(_ program: String, _ arguments: String...) async throws {
        let words = words(program, arguments)
        try check(words, try await Program.run(words))
    }

    /// The same, on this thread: for what does not wait for anybody.
    static func runBlocking(_ program: String, _ arguments: String...) throws {
        let words = words(program, arguments)
        try check(words, try Program.runBlocking(words))
    }

    /// With a limit: what waits for a process that does not answer would never end.
    private static func words(_ program: String, _ arguments: [String]) -> [String] {
        ["timeout", "--kill-after=5", "60", path(of: program) ?? program] + arguments
    }

    private static func check(_ words: [String], _ done: (status: Int32, output: String)) throws {
        guard done.status == 0 else {
            let status = done.status == 124 ? "does not end" : "exits with \(done.status)"
            throw Failure(description: "\(words.dropFirst(3).joined(separator: " ")) \(status): \(done.output)")
        }
    }
}

/// A small ext4 of its own, in a file. Gone when the test is, whatever became of the test.
final class LoopDisk: Sendable {
    /// Where it is mounted.
    let path: String
    private let image: String

    init(megabytes: Int = 16, inodes: Int? = nil) throws {
        let name = TemporaryFolder(inMemory: true).path
        (path, image) = (name + "-disk", name + "-image")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        _ = FileManager.default.createFile(atPath: image, contents: nil)
        truncate(image, off_t(megabytes << 20))
        do {
            let options = "lazy_itable_init=0,lazy_journal_init=0"
            try TestTools.runBlocking(
                "mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-m", "0", "-E", options, "-N", "\(inodes ?? 1_024)", image)
            try TestTools.runBlocking("mount", "-o", "loop,errors=remount-ro", image, path)
        } catch {
            remove()
            throw error
        }
    }

    deinit {
        // Lazily: a process that was not reaped yet may have files open. The loop device goes with the mount.
        try? TestTools.runBlocking("umount", "-l", path)
        remove()
    }

    private func remove() {
        rmdir(path)
        unlink(image)
    }

    /// As the kernel does it when the file system finds itself damaged: files that are open for writing don't matter.
    func failToReadOnly() async throws {
        try await TestTools.run("mount", "-o", "remount,abort", path)
    }

    var freeBytes: Int {
        var status = statvfs()
        return statvfs(path, &status) == 0 ? Int(status.f_bavail * status.f_frsize) : 0
    }
}

/// System calls of a child that fail on command, by libfiu.
struct FaultControl {
    static let preloaded = ["/usr/lib/fiu/fiu_run_preload.so", "/usr/lib/fiu/fiu_posix_preload.so"]

    /// `name-PID.in` and `.out` are the pipes it is controlled by.
    private let prefix = TemporaryFolder(inMemory: true).path + "-fiu"

    var environment: [String: String] {
        ["LD_PRELOAD": Self.preloaded.joined(separator: " "), "FIU_CTRL_FIFO": prefix]
    }

    /// The calls give this error number from now on: each, or some at random.
    func fail(_ calls: [String], with code: CInt, probability: Double? = nil, in child: CacheChild) async throws {
        for call in calls {
            let random = probability.map { ("_random", ",probability=\($0)") } ?? ("", "")
            let command = "enable\(random.0) name=posix/io/\(call),failinfo=\(code)\(random.1)"
            try await TestTools.run("fiu-ctrl", "-f", prefix, "-c", command, "\(child.pid)")
        }
    }

    func mend(_ calls: [String], in child: CacheChild) async throws {
        for call in calls {
            try await TestTools.run("fiu-ctrl", "-f", prefix, "-c", "disable name=posix/io/\(call)", "\(child.pid)")
        }
    }

    func remove(_ child: CacheChild) {
        for end in ["in", "out"] { unlink("\(prefix)-\(child.pid).\(end)") }
    }
}
