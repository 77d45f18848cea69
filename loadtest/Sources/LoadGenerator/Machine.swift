internal import Foundation
internal import Glibc

/// The machine that a result was measured on. It names no host and no path: results are published.
public struct Machine: Codable, Sendable, Equatable {
    public var cores: Int
    /// "unknown" where the kernel does not tell.
    public var model: String
    public var memoryBytes: Int
    /// Name and release: "Linux 6.1.0".
    public var kernel: String
    /// Matters on loopback: BBR distorts the figures of large bodies.
    public var tcpCongestionControl: String
    /// One-minute load average before the run: what else the machine was doing.
    public var loadAverage: Double

    public static func current() -> Machine {
        var name = utsname()
        uname(&name)
        return Machine(
            cores: ProcessInfo.processInfo.activeProcessorCount,
            model: cpuModel() ?? "unknown",
            memoryBytes: Int(ProcessInfo.processInfo.physicalMemory),
            kernel: "\(text(name.sysname)) \(text(name.release))",
            tcpCongestionControl: firstWord(of: "/proc/sys/net/ipv4/tcp_congestion_control") ?? "unknown",
            loadAverage: firstWord(of: "/proc/loadavg").flatMap(Double.init) ?? 0
        )
    }

    private static func cpuModel() -> String? {
        let line = contents("/proc/cpuinfo").split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":", maxSplits: 1).last?.trimmingCharacters(in: .whitespaces)
    }

    private static func firstWord(of path: String) -> String? {
        contents(path).split(whereSeparator: \.isWhitespace).first.map(String.init)
    }

    private static func contents(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }

    /// A C array of characters, which Swift imports as a tuple.
    private static func text<Characters>(_ characters: Characters) -> String {
        // The pointer lives as long as the closure, and the closure copies what it reads.
        withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
