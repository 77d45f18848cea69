internal import Foundation
internal import Glibc

/// Counts a process's system calls from outside: with `perf stat` where the kernel lets us, else with `strace`, which
/// slows the process down by far and counts the same.
enum SystemCallCounter: String, Sendable {
    case perf = "perf stat"
    case strace = "strace -c"

    private static let all = "raw_syscalls:sys_enter"
    /// What a server calls for a request, its waiting, and its other threads. What is missing here counts in the sum
    /// alone.
    private static let named = [
        "read", "readv", "recvfrom", "recvmsg", "pread64", "write", "writev", "pwrite64", "sendto", "sendmsg",
        "sendfile64", "epoll_wait", "epoll_pwait", "epoll_ctl", "poll", "ppoll", "futex", "setsockopt", "fcntl",
        "ioctl", "clock_gettime", "openat", "close", "newfstatat", "newfstat", "accept4", "timerfd_settime",
        "sched_yield", "madvise",
    ]

    /// Nil when neither can be used here.
    static func available(folder: String, stop: RunStop) throws -> SystemCallCounter? {
        func works(_ command: [String]) throws -> Bool {
            do {
                return try ChildProcess.run(command, folder: folder, stop: stop).status == 0
            } catch let error as LoadTestError where error.code == .tool {
                return false
            }
        }
        if try works(["perf", "stat", "-e", all, "true"]) { return .perf }
        if try works(["strace", "-c", "-f", "-o", "/dev/null", "true"]) { return .strace }
        return nil
    }

    /// Of the process, while `work` runs. The key "" is their sum.
    func count(_ pid: pid_t, folder: String, stop: RunStop, during work: () throws -> Void) throws -> [String: Int] {
        let file = "\(folder)/calls-\(UInt32.random(in: 0 ... .max))"
        let counter = try ChildProcess(command(pid, file: file), folder: folder)
        // Whatever happens, it lets go of the process.
        defer { counter.end(with: SIGINT) }
        // Neither says when it has attached itself.
        try stop.pause(seconds: 1)
        guard counter.isRunning else {
            throw LoadTestError(.tool, "\(rawValue) could not follow the process: \(counter.output)")
        }
        try work()
        let end = counter.end(with: SIGINT)
        let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        let counts = self == .perf ? Self.counts(perf: text) : Self.counts(strace: text)
        guard counts[""] ?? 0 > 0 else {
            throw LoadTestError(.tool, "\(rawValue) counted nothing: \(end.output)\(text)")
        }
        return counts
    }

    private func command(_ pid: pid_t, file: String) -> [String] {
        switch self {
        case .perf:
            [
                "perf", "stat", "-x", ",", "-o", file, "-e", ([Self.all] + Self.events).joined(separator: ","), "-p",
                "\(pid)",
            ]
        case .strace: ["strace", "-c", "-f", "-o", file, "-p", "\(pid)"]
        }
    }

    /// Those that this kernel has: perf refuses all for one that it lacks.
    private static var events: [String] {
        named.filter { FileManager.default.fileExists(atPath: "/sys/kernel/tracing/events/syscalls/sys_enter_\($0)") }
            .map { "syscalls:sys_enter_\($0)" }
    }

    /// Lines of `count,unit,event,…`.
    static func counts(perf text: String) -> [String: Int] {
        var counts: [String: Int] = [:]
        for line in text.split(separator: "\n") {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            guard cells.count > 2, let count = Int(cells[0]) else { continue }
            if cells[2] == all { counts[""] = count }
            if let name = cells[2].split(separator: "sys_enter_").last, cells[2].hasPrefix("syscalls:") {
                counts[String(name)] = count
            }
        }
        return counts.filter { $0.value > 0 }
    }

    /// Lines of `% time, seconds, usecs/call, calls, errors or nothing, name`.
    static func counts(strace text: String) -> [String: Int] {
        var counts: [String: Int] = [:]
        for line in text.split(separator: "\n") {
            let cells = line.split(separator: " ")
            guard cells.count >= 5, Double(cells[0]) != nil, let count = Int(cells[3]), let name = cells.last else {
                continue
            }
            counts[name == "total" ? "" : String(name)] = count
        }
        return counts
    }
}
