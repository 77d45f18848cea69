import ArgumentParser
import Foundation

struct Config: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the cluster's configuration, or replace it: endpoints, storages, named transformations, signing keys.",
        discussion: """
            vignette config show > configuration.json
            vignette config check configuration.json   what is wrong with it, or what it would revoke
            vignette config apply configuration.json --after 7 --wait
            """,
        subcommands: [Show.self, Check.self, Apply.self]
    )

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print the configuration that is in force.")

        @OptionGroup var cluster: ClusterOptions

        func run() async throws {
            try await ConfigRun(cluster).show()
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tell what is wrong with a configuration, or what it would revoke. Changes nothing.")

        @OptionGroup var file: ConfigFileOptions
        @OptionGroup var cluster: ClusterOptions

        func run() async throws {
            try await ConfigRun(cluster).check(try file.read(), replacing: file.replace)
        }
    }

    struct Apply: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Replace the configuration on every node.",
            discussion: """
                Completed (--wait): no node answers by the one before any more. What it had and the new one has not is purged
                everywhere, and does not come back with what is added later.
                """
        )

        @OptionGroup var file: ConfigFileOptions

        @Option(
            help: ArgumentHelp(
                "Only if the configuration in force is still of this revision, which `config show` tells.", valueName: "revision"))
        var after: UInt64?

        @OptionGroup var wait: WaitOptions
        @OptionGroup var cluster: ClusterOptions

        func run() async throws {
            let outcome = try await ConfigRun(cluster).apply(
                try file.read(), replacing: file.replace, after: after, timeout: wait.limit)
            if outcome != .done { throw ExitCode(outcome.rawValue) }
        }
    }
}

struct ConfigFileOptions: ParsableArguments {
    @Argument(help: "A JSON file; - is the standard input.")
    var file: String

    @Option(help: ArgumentHelp("The storage with this id may mean another place from now on. May be repeated.", valueName: "id"))
    var replace: [String] = []

    func read() throws(OperatorError) -> [UInt8] {
        do {
            let data =
                file == "-" ? try FileHandle.standardInput.readToEnd() ?? Data() : try Data(contentsOf: URL(filePath: file))
            return Array(data)
        } catch {
            throw OperatorError(.file, "'\(file)' cannot be read.")
        }
    }
}
