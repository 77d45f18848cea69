import ArgumentParser
import Foundation
import LoadGenerator

@main
struct LoadTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vignette-loadtest",
        abstract: "Loads and breaks clusters on this machine, and measures how they answer.",
        subcommands: [
            ScenarioCommand.self, CacheCommand.self, CacheProbeCommand.self, CrashCommand.self, HitsCommand.self,
            PartitionCommand.self, PurgeCommand.self, RelayCommand.self,
        ],
        // A scenario's name alone, as in `vignette-loadtest loadtest/scenarios/hot-hits.json`.
        defaultSubcommand: ScenarioCommand.self
    )
}

struct ScenarioCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Loads the edges of a cluster as a scenario says, and measures how they answer.",
        discussion: """
            The scenario file says what is asked and how; the options below override it. Only loopback addresses are \
            loaded. Exit status: 0 done, 1 could not run, 2 done but with errors (--fail-on-error), 64 wrong usage, \
            130 interrupted.
            """
    )

    @Argument(help: ArgumentHelp("The scenario: a JSON file, for example loadtest/scenarios/hot-hits.json.", valueName: "scenario"))
    var scenarioPath: String

    @Option(name: .customLong("cluster"), help: "The cluster.json that cluster/up wrote; default: VIGNETTE_CLUSTER.")
    var clusterPath: String?

    @Option(name: .customLong("target"), help: "A server to load instead of the cluster's edges: http://127.0.0.1:PORT[/ACCOUNT]. Repeat it for several, asked in turn.")
    var targets: [String] = []

    @OptionGroup var overrides: ScenarioOverrides

    @Option(name: .customLong("json"), help: "Write the result to this file.")
    var jsonPath: String?

    @Option(help: "Verify answers: \"image\" demands that every 200 is a non-empty image.")
    var checkType: CheckType?

    @Flag(help: "Exit with status 2 if a request failed or was answered with a status of 400 or more.")
    var failOnError = false

    @Flag(name: .shortAndLong, help: "No progress lines.")
    var quiet = false

    func run() async throws {
        let run: LoadRun
        do {
            run = try prepare()
        } catch {
            throw failure(error)
        }
        let terminal = Terminal(isQuiet: quiet)
        let interruption = Interruption(run)
        let result: LoadResult
        do {
            result = try await run.run { terminal.show($0) }
            terminal.finish()
            if let jsonPath {
                try result.json().write(to: URL(fileURLWithPath: jsonPath), options: .atomic)
            }
        } catch {
            terminal.finish()
            throw failure(error)
        }
        FileHandle.standardOutput.write(Data(result.table.utf8))
        if interruption.hasHappened { throw ExitCode(130) }
        if failOnError, result.hasErrors { throw ExitCode(2) }
    }

    private func prepare() throws -> LoadRun {
        let environment = ProcessInfo.processInfo.environment["VIGNETTE_CLUSTER"]
        let clusterFile = clusterPath ?? (targets.isEmpty ? environment : nil)
        let cluster = try clusterFile.map { try ClusterFile(path: $0) }
        let endpoints = try targets.isEmpty ? cluster?.endpoints ?? [] : targets.map { try Endpoint($0) }
        let folder = URL(fileURLWithPath: scenarioPath).deletingLastPathComponent().path
        var resolver = ScenarioResolver(folder: folder, cluster: cluster)
        resolver.lists = try overrides.replacementLists()
        let scenario = try resolver.resolve(overrides.apply(to: ScenarioResolver.read(scenarioPath)))
        let account = overrides.account ?? endpoints.map(\.path).first { !$0.isEmpty } ?? cluster?.account ?? "demo"
        return try LoadRun(scenario: scenario, endpoints: endpoints, account: account, checksImages: checkType == .image)
    }

    private func failure(_ error: any Error) -> ExitCode {
        let text = (error as? LoadTestError)?.message ?? (error as? ValidationError)?.message ?? error.localizedDescription
        FileHandle.standardError.write(Data("vignette-loadtest: \(text)\n".utf8))
        return error is ValidationError ? .validationFailure : ExitCode(1)
    }
}

enum CheckType: String, ExpressibleByArgument, CaseIterable {
    case image
}
