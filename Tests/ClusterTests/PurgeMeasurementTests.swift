import Foundation
import Testing

extension ClusterTests {
    /// `loadtest/purge` as a user runs it, small: that it works and what it prints, nothing about speed.
    @Suite struct PurgeMeasurement {
        private struct Report: Decodable {
            struct Latency: Decodable {
                struct Summary: Decodable {
                    var count: Int
                    var p99: Double
                }

                var completed: Summary
                var failedHits: Int
            }

            struct CutOff: Decodable { var completed: [Double] }

            struct Rules: Decodable {
                var with: [Double]
                var without: [Double]
            }

            var latency: Latency
            var cutOff: CutOff
            var rules: Rules
        }

        @Test func printsATableAndWritesJSON() async throws {
            let folder = try TemporaryFolder.make("purge")
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let run = try await Cluster.run("loadtest/purge", ["--quick", "--quiet", "--json", folder + "/result.json"])
            #expect(run.status == 0, "\(run.output)")
            for row in ["purge to Completed, P50", "purge to Completed, P99", "one edge stopped, lease 2 s", "with over without"] {
                #expect(run.output.contains(row), "\(run.output)")
            }
            let report = try JSONDecoder().decode(Report.self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/result.json")))
            #expect(report.latency.completed.count == 40)
            #expect(report.latency.failedHits == 0)
            #expect(report.cutOff.completed.count == 1)
            #expect(report.rules.with.count == 2 && report.rules.without.count == 2)
        }

        @Test func saysWhatIsWrong() async throws {
            let run = try await Cluster.run("loadtest/purge", ["--lease", "1"])
            #expect(run.status == 1)
            #expect(run.output == "vignette-loadtest: a lease lies between 2 and 86400 s, not 1\n")
        }
    }
}
