internal import Foundation
internal import Glibc

/// The two cores of a measurement: one for the server and nothing else, one for everything else.
struct Cores: Sendable {
    let server: Int
    let generator: Int

    /// - Throws: when this process may use fewer than two.
    init() throws {
        let allowed = Self.allowed
        guard allowed.count >= 2, let first = allowed.first, let last = allowed.last else {
            throw LoadTestError(
                .machine,
                """
                this process may use \(allowed.count) core\(allowed.count == 1 ? "" : "s"). It takes two: a server and its \
                load on one core measure each other
                """)
        }
        (server, generator) = (first, last)
    }

    /// Whether the two are threads of one physical core, whose caches and units they share. False where the kernel does
    /// not tell.
    var areSiblings: Bool {
        let file = "/sys/devices/system/cpu/cpu\(server)/topology/thread_siblings_list"
        return Self.list(((try? String(contentsOfFile: file, encoding: .utf8)) ?? "")[...]).contains(generator)
    }

    /// Keeps all threads of a process, and those that they will start, on these cores.
    static func pin(_ pid: pid_t, to cores: Int...) throws {
        let list = cores.map(String.init).joined(separator: ",")
        // Glibc's call is not one that Swift sees.
        do {
            try ProofCluster.run(
                "/usr/bin/env", ["taskset", "--all-tasks", "--cpu-list", "--pid", list, "\(pid)"], [:])
        } catch {
            throw LoadTestError(.machine, "can't pin process \(pid) to core \(list): \(reason(error))")
        }
    }

    private static var allowed: [Int] {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
        return list(line?.split(separator: ":").last ?? "")
    }

    /// What the kernel writes as "0-3,8".
    static func list(_ text: Substring) -> [Int] {
        text.split(separator: ",").flatMap { part -> [Int] in
            let ends = part.split(separator: "-").compactMap {
                Int($0.trimmingPrefix(while: \.isWhitespace).prefix { $0.isNumber })
            }
            guard let first = ends.first, let last = ends.last, first <= last else { return [] }
            return Array(first...last)
        }
    }
}
