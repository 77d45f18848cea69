import ArgumentParser

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell how the cluster is, or how far one command is."
    )

    @Argument(help: "The revision that a command was given.")
    var revision: UInt64?

    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        let run = StatusRun(
            cluster: try cluster.read(), http: try CurlOperatorHTTP(), console: .standard, asJSON: cluster.json
        )
        if let revision {
            _ = try await run.run(revision: revision)
        } else {
            _ = try await run.run()
        }
    }
}
