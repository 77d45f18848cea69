public import ArgumentParser
import Foundation
public import LoadGenerator

struct PurgeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge",
        abstract: "Measures purges: how long they take until Completed, and what they cost hits.",
        discussion: """
            Starts clusters of its own on this machine. VIGNETTE_BIN names the folder of the executables, as for cluster/up. \
            Parts: latency (under hits), tag (many objects beside one URL), cut-off (one edge stopped), rules (CPU of a hit \
            with many live rules beside none). Exit status: 0 done, 1 could not run.
            """
    )

    @Flag(help: "Everything small: shows that it works, and nothing about speed.")
    var quick = false

    @Option(name: .customLong("part"), help: "Measure this part; repeat it for several. Default: all.")
    var parts: [PurgePlan.Part] = []

    @Option(help: "Edges.")
    var edges: Int?

    @Option(help: "Seconds of a lease.")
    var lease: Int?

    @Option(help: "Seconds under load; a round of the rules takes a quarter.")
    var seconds: Double?

    @Option(name: .customLong("rate"), help: "Purges per second.")
    var purgesPerSecond: Double?

    @Option(name: .customLong("hits"), help: "Hits per second meanwhile.")
    var hitsPerSecond: Double?

    @Option(help: "Objects of the tag; they are filled for real, some hundred a second.")
    var tagObjects: Int?

    @Option(help: "Fills and purges of the tag.")
    var tagRounds: Int?

    @Option(help: "Purges with one edge stopped.")
    var cutOffRounds: Int?

    @Option(help: "Live rules.")
    var rules: Int?

    @Option(help: "Rounds with and without rules.")
    var ruleRounds: Int?

    @Option(help: "The folder with the cluster's scripts up, down and node.")
    var tools = "cluster"

    @Option(name: .customLong("json"), help: "Write the result to this file.")
    var jsonPath: String?

    @Flag(name: .shortAndLong, help: "No progress lines.")
    var quiet = false

    func run() async throws {
        let isQuiet = quiet
        do {
            let report = try await PurgeRun(plan) { line in
                if !isQuiet { FileHandle.standardError.write(Data((line + "\n").utf8)) }
            }.run()
            if let jsonPath { try report.json().write(to: URL(fileURLWithPath: jsonPath), options: .atomic) }
            FileHandle.standardOutput.write(Data(report.table.utf8))
        } catch {
            let text = (error as? LoadTestError)?.message ?? error.localizedDescription
            FileHandle.standardError.write(Data("vignette-loadtest: \(text)\n".utf8))
            throw ExitCode(1)
        }
    }

    private var plan: PurgePlan {
        var plan = quick ? PurgePlan.quick : PurgePlan()
        if !parts.isEmpty { plan.parts = parts }
        plan.edges = edges ?? plan.edges
        plan.lease = lease ?? plan.lease
        plan.seconds = seconds ?? plan.seconds
        plan.purgesPerSecond = purgesPerSecond ?? plan.purgesPerSecond
        plan.hitsPerSecond = hitsPerSecond ?? plan.hitsPerSecond
        plan.tagObjects = tagObjects ?? plan.tagObjects
        plan.tagRounds = tagRounds ?? plan.tagRounds
        plan.cutOffRounds = cutOffRounds ?? plan.cutOffRounds
        plan.rules = rules ?? plan.rules
        plan.ruleRounds = ruleRounds ?? plan.ruleRounds
        plan.tools = tools
        return plan
    }
}

extension PurgePlan.Part: ExpressibleByArgument {}
