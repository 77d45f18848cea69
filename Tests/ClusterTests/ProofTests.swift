import Foundation
import Glibc
import Testing

extension ClusterTests {
    /// Slices of `make crash` and `make partition`: real processes killed, cut off and stopped under load, and a checker
    /// over what clients saw. VIGNETTE_SEED repeats what a run asked, commanded and broke.
    @Suite struct Proofs {
        @Test func nothingForbiddenIsAnsweredOverKills() async throws {
            let report = try await Self.prove("crash", ["--seconds", "75"])
            #expect(report.kills["edge", default: 0] > 5)
            #expect(report.kills["origin", default: 0] > 5)
            #expect(report.findings.untouchedHits > 100)
        }

        @Test func nothingForbiddenIsAnsweredOverPartitions() async throws {
            // Each kind of fault once.
            let report = try await Self.prove("partition", ["--episodes", Self.hasFakeTime ? "11" : "7"])
            #expect(report.moments.values.allSatisfy { $0 == 1 })
            #expect(report.moments["pause"] == 1)
        }

        /// The same with real networks that lose packets.
        @Test(.enabled(if: geteuid() == 0, "network namespaces need root"))
        func nothingForbiddenIsAnsweredOverCutCables() async throws {
            let (run, json) = try await Self.run("partition", ["--namespaces", "--episodes", "3"])
            // A container may be root and still not allowed to make one.
            if run.output.contains("network namespaces can't be made here") { return }
            #expect(run.status == 0, "\(run.output)")
            let report = try JSONDecoder().decode(Report.self, from: json)
            #expect(report.findings.violations == 0)
            #expect(report.cycles == 3)
        }

        /// The checker sees what a broken lease does: a clock at half speed is outside of what is promised.
        @Test(.enabled(if: hasFakeTime, "libfaketime is not installed (Debian's package faketime)"))
        func aClockBeyondTheMarginIsFound() async throws {
            let (run, json) = try await Self.run("partition", ["--episodes", "20", "--fault", "clock-beyond-margin"])
            #expect(run.status == 1)
            #expect(run.output.contains("VIOLATION   old bytes"), "\(run.output)")
            let report = try JSONDecoder().decode(Report.self, from: json)
            #expect(report.findings.violations > 0)
        }

        private static let hasFakeTime = ((try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? [])
            .contains { FileManager.default.fileExists(atPath: "/usr/lib/\($0)/faketime/libfaketimeMT.so.1") }

        private struct Report: Decodable {
            struct Findings: Decodable {
                var boundByCommands: Int
                var untouchedHits: Int
                var violations: Int
            }

            var cycles: Int
            var kills: [String: Int]
            var moments: [String: Int]
            var findings: Findings
        }

        private static func prove(_ proof: String, _ arguments: [String]) async throws -> Report {
            let (run, json) = try await run(proof, arguments)
            #expect(run.status == 0, "\(run.output)")
            let report = try JSONDecoder().decode(Report.self, from: json)
            #expect(report.findings.violations == 0)
            #expect(report.findings.boundByCommands > 1_000)
            return report
        }

        private static func run(
            _ proof: String, _ arguments: [String]
        ) async throws -> (run: (status: Int32, output: String), json: Data) {
            let folder = try TemporaryFolder.make("proof")
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let seed = ProcessInfo.processInfo.environment["VIGNETTE_SEED"] ?? "\(UInt32.random(in: 0 ... .max))"
            let run = try await Cluster.run(
                Cluster.binaries + "/vignette-loadtest",
                [proof, "--seed", seed, "--tools", Cluster.repository + "/cluster", "--json", folder + "/report"] + arguments)
            // For whoever reads the log: what was proven, and the seed.
            FileHandle.standardError.write(Data(run.output.utf8))
            // Without a report it could not run, and its output says why.
            return (run, (try? Data(contentsOf: URL(fileURLWithPath: folder + "/report"))) ?? Data())
        }
    }
}
