internal import Foundation
internal import Glibc

/// A program that we start, end and take the CPU time of, which Foundation's Process does not tell.
///
/// It has a process group of its own: a Ctrl-C reaches us alone, and we decide what ends first.
final class ChildProcess {
    struct End {
        /// The exit status; 128 and the signal's number for one that a signal ended.
        var status: Int32
        /// Of all its threads.
        var cpuNanoseconds: UInt64
        /// Standard output and standard error.
        var output: String
    }

    let pid: pid_t
    private let name: String
    private let log: String
    private var end: End?

    /// - Parameters:
    ///   - command: the program, looked for in PATH, and its arguments.
    ///   - core: the one that it runs on; nil for those of this process.
    ///   - folder: where a file for its output is made.
    init(_ command: [String], on core: Int? = nil, folder: String) throws {
        name = command[0]
        log = "\(folder)/\((command[0] as NSString).lastPathComponent)-\(UInt32.random(in: 0 ... .max)).log"
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Foundation may have blocked or ignored signals in this thread.
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&files, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&files, 1, 2)
        let words = (core.map { ["taskset", "--cpu-list", "\($0)"] } ?? []) + command
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var child = pid_t()
        let failure = posix_spawnp(&child, words[0], &files, &attributes, &arguments, environ)
        guard failure == 0 else {
            throw LoadTestError(
                .tool, "can't run \(name): \(String(cString: strerror(failure))). loadtest/hits gets what is missing")
        }
        pid = child
    }

    /// Runs a program to its end.
    /// - Throws: when it takes longer than `seconds`, too.
    static func run(
        _ command: [String], on core: Int? = nil, folder: String, stop: RunStop, seconds: Double = 60
    ) throws -> End {
        let child = try ChildProcess(command, on: core, folder: folder)
        return try stop.ending(child.pid) { try child.wait(within: seconds) }
    }

    /// How long a generator may take for a round of so many seconds, with its start and the answers under way at the end.
    static func roundLimit(_ seconds: Int) -> Double { Double(seconds) + 30 }

    /// Asks it to end, waits, and kills what does not end.
    @discardableResult
    func end(with signal: Int32 = SIGTERM, seconds: Double = 10) -> End {
        if let end { return end }
        kill(pid, signal)
        let deadline = monotonicNow() + nanoseconds(seconds)
        while monotonicNow() < deadline {
            if let end = reap(WNOHANG) { return end }
            usleep(5_000)
        }
        kill(pid, SIGKILL)
        return wait()
    }

    var isRunning: Bool { end == nil && reap(WNOHANG) == nil }

    func wait() -> End {
        while true {
            if let end = end ?? reap(0) { return end }
        }
    }

    /// - Throws: when it takes longer than `seconds`: then it is ended.
    func wait(within seconds: Double) throws -> End {
        let deadline = monotonicNow() + nanoseconds(seconds)
        while monotonicNow() < deadline {
            if let end = end ?? reap(WNOHANG) { return end }
            usleep(20_000)
        }
        let written = end().output
        throw LoadTestError(
            .tool,
            "\(name) did not end within \(Format.fixed(seconds, 0)) s, and was ended. It wrote: "
                + (written.isEmpty ? "nothing" : written))
    }

    /// What it has written so far.
    var output: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

    private func reap(_ options: Int32) -> End? {
        var status: Int32 = 0
        var usage = rusage()
        let reaped = wait4(pid, &status, options, &usage)
        guard reaped == pid || (reaped < 0 && errno == ECHILD) else { return nil }
        func nanoseconds(_ time: timeval) -> UInt64 {
            UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_usec) * 1_000
        }
        let signal = status & 0x7F
        let result = End(
            status: signal == 0 ? status >> 8 & 0xFF : 128 + signal,
            cpuNanoseconds: nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime), output: output)
        end = result
        return result
    }
}
