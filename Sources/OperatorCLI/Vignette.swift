import ArgumentParser
import Foundation

/// The operator's command line.
@main
struct Vignette: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vignette",
        abstract: "Commands to a whole Vignette cluster, and a look at one node's disk.",
        discussion: """
            VIGNETTE_CLUSTER, or --cluster, names the cluster.json that cluster/up wrote.

            Exit status: 0 done, 1 refused, failed or not valid, 2 wrong usage, 3 not completed (not removed) within
            --timeout, or not every node told.
            """,
        subcommands: [
            Purge.self, Erase.self, Lift.self, Status.self, Where.self, Receipt.self, Forget.self, DeclareDead.self,
            Config.self, Cache.self,
        ]
    )

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as OperatorError {
            end(.failed, error.description)
        } catch let error as ExitCode {
            Foundation.exit(error.rawValue)
        } catch {
            // A request for help is an error with the status 0 to the parser.
            if exitCode(for: error) == .success { exit(withError: error) }
            end(.usage, fullMessage(for: error))
        }
    }

    private static func end(_ status: Outcome, _ message: String) -> Never {
        Console.standard.notice(message.hasPrefix("Error") ? message : "vignette: \(message)")
        Foundation.exit(status.rawValue)
    }
}

/// What every subcommand takes.
struct ClusterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The cluster.json to act on (default: $VIGNETTE_CLUSTER).", valueName: "file"))
    var cluster: String?

    @Flag(help: "Print the result as JSON.")
    var json = false

    func read() throws(OperatorError) -> ClusterFile {
        try ClusterFile.read(option: cluster, environment: ProcessInfo.processInfo.environment)
    }
}

/// What commands that may be waited for take.
struct WaitOptions: ParsableArguments {
    @Flag(help: "Return only when the command is completed: when no node will ever go against it again.")
    var wait = false

    @Option(help: ArgumentHelp("With --wait: give up waiting, not the command, after so long.", valueName: "seconds"))
    var timeout: Int = 900

    func validate() throws {
        guard timeout > 0 else { throw ValidationError("--timeout takes a number of seconds above 0.") }
    }

    var limit: Duration? { wait ? .seconds(timeout) : nil }
}

extension ClusterOptions {
    func carryOut(_ command: ClusterCommand, until mark: CommandRun.Mark = .completed, timeout: Duration?) async throws {
        let cluster = try read()
        let run = CommandRun(
            api: OperatorAPI(cluster: cluster, http: try CurlOperatorHTTP()), console: .standard, asJSON: json,
            mark: mark, timeout: timeout
        )
        let status = try await run.run(command)
        if status != .done { throw ExitCode(status.rawValue) }
    }
}
