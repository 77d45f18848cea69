import ArgumentParser
import Foundation
import LoadGenerator

/// The options that proofs share.
struct ProofOptions: ParsableArguments {
    @Option(help: "Decides what is asked, commanded and broken; default: a random one, which is shown.")
    var seed: UInt64?

    @Option(help: "End after so many seconds.")
    var seconds: Double = 86_400

    @Option(help: "The folder with the cluster's scripts up, down and node.")
    var tools = "cluster"

    @Option(name: .customLong("json"), help: "Write the result to this file.")
    var jsonPath: String?

    @Flag(name: .shortAndLong, help: "No progress lines.")
    var quiet = false

    var scripts: String { URL(fileURLWithPath: tools).path }

    /// Runs `proof` on a thread of its own, shows what came out, and ends with status 1 when it found something.
    func show(_ proof: @escaping @Sendable (@escaping @Sendable (String) -> Void) throws -> ProofReport) async throws {
        let isQuiet = quiet
        let report: ProofReport
        do {
            report = try await OwnThread.run {
                try proof { line in
                    if !isQuiet { FileHandle.standardError.write(Data((line + "\n").utf8)) }
                }
            }
            if let jsonPath { try report.json().write(to: URL(fileURLWithPath: jsonPath), options: .atomic) }
        } catch {
            let text = (error as? LoadTestError)?.message ?? error.localizedDescription
            FileHandle.standardError.write(Data("vignette-loadtest: \(text)\n".utf8))
            throw ExitCode(1)
        }
        FileHandle.standardOutput.write(Data(report.text.utf8))
        if !report.isKept { throw ExitCode(1) }
    }
}

struct CrashCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crash",
        abstract: "Kills nodes of a cluster of its own with kill -9 under load, and checks that nothing forbidden is answered.",
        discussion: """
            One origin and three edges, with small caches and a lease of 4 s. VIGNETTE_BIN names the folder of the \
            executables, as for cluster/up. Exit status: 0 the promise held, 1 it did not, or the cluster could not be run.
            """
    )

    @Option(help: "Kills.")
    var cycles = 1_000

    @OptionGroup var proof: ProofOptions

    func run() async throws {
        let crash = CrashRun(
            seed: proof.seed ?? .random(in: 0...999_999_999), cycles: cycles, seconds: proof.seconds, tools: proof.scripts)
        try await proof.show { try crash.run(tell: $0) }
    }
}
