import Curl
import Foundation
import TestPrograms
import Testing

extension ClusterTests {
    /// What a hit costs a real edge, counted and not timed, so that a change which makes hits dearer is seen by whoever makes it.
    /// In time, and beside nginx: `loadtest/hits`.
    @Suite(.enabled(if: InstructionCounter.isAvailable, "this counts on x86-64, as root"))
    struct HitCost {
        /// By which an answer from memory leaves: its number on x86-64.
        private static let sendmsg = 46

        /// Alone in its turn of the event loop, which it pays for whole.
        @Test func aHitFromMemoryCostsNoMoreThanItDid() async throws {
            let spans = try await Self.spans(of: "tr:w-40,f-jpg/small.jpg", from: try TestPhotos.jpeg(7), between: Self.sendmsg)
            // Now and then a second begins, or a timer runs.
            let (instructions, calls) = (spans.map(\.instructions).min() ?? .max, spans.map(\.calls).min() ?? .max)
            print("a hit from memory: \(instructions) instructions, \(calls) system calls")
            // A wait, a read, and the write.
            #expect(calls <= 3)
            // Some 27,000; more where stepping is so slow that a second begins in every hit.
            #expect(instructions <= 32_000)
        }

        private static func spans(of path: String, from source: [UInt8], between call: Int) async throws -> [InstructionCounter.Span] {
            let photos = try PhotoServer()
            defer { photos.stop() }
            photos.put(String(path.split(separator: "/")[1]), source)
            let cluster = try await Cluster(
                edges: 1, sources: photos.url, environment: ["VIGNETTE_LISTEN_LOOPS": "1", "VIGNETTE_ACCESS_LOG_FILE": "off"])
            do {
                // Until the object is written, kept in memory or seen in its file, and all that is made once is made.
                for _ in 0..<100 { #expect(try await cluster.get(0, path).status == 200) }
                let pid = try #require(cluster.edges[0].pid)
                let before = Processes.waits(of: pid)
                for _ in 0..<100 { #expect(try await cluster.get(0, path).status == 200) }
                let after = Processes.waits(of: pid)
                let loop = try #require(after.max { $0.value - before[$0.key, default: 0] < $1.value - before[$1.key, default: 0] }).key
                let spans = try await InstructionCounter.spans(of: loop, between: call, count: 12) {
                    let answer = try await cluster.get(0, path)
                    #expect(answer.status == 200)
                }
                try await cluster.down()
                return spans
            } catch {
                try await cluster.down()
                throw error
            }
        }
    }
}

extension Processes {
    /// How often each thread has waited for something, by its kernel id.
    fileprivate static func waits(of pid: Int32) -> [Int32: Int] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        return tasks.reduce(into: [:]) { waits, task in
            let status = (try? String(contentsOfFile: "/proc/\(pid)/task/\(task)/status", encoding: .utf8)) ?? ""
            let line = status.split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt_switches:") }
            if let id = Int32(task), let count = line?.split(separator: "\t").last.flatMap({ Int($0) }) { waits[id] = count }
        }
    }
}
