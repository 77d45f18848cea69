import Foundation
import Glibc

/// The processes of a cluster, as /proc shows them.
enum Processes {
    static func children(of parent: Int32) -> [Int32] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(parent)/task")) ?? []
        return tasks.flatMap { task in
            let text = (try? String(contentsOfFile: "/proc/\(parent)/task/\(task)/children", encoding: .utf8)) ?? ""
            return text.split(separator: " ").compactMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
    }

    /// CPU time used, in clock ticks.
    static func ticks(of pid: Int32) -> Int {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return 0 }
        let fields = text[end...].split(separator: " ")
        return fields.count > 13 ? (Int(fields[12]) ?? 0) + (Int(fields[13]) ?? 0) : 0
    }

    /// Waits until a child works on something, and kills it.
    static func killBusyChild(of parent: Int32) async throws {
        let before = Dictionary(uniqueKeysWithValues: children(of: parent).map { ($0, ticks(of: $0)) })
        while true {
            // Far more than a small transform takes, far less than the large one does.
            for (child, start) in before where ticks(of: child) > start + 30 {
                kill(child, SIGKILL)
                return
            }
            await Task.yield()
        }
    }

    static func openFiles(of pid: Int32) -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count) ?? 0
    }
}
