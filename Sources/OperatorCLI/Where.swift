import ArgumentParser

struct Where: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell where the cluster keeps bytes of a source image: every node, cache, variant and byte.",
        discussion: "Exit status 3: not every node could tell."
    )

    @Argument(help: "The source image's path in storage.")
    var path: String

    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        _ = try SourcePath.checked(path)
    }

    func run() async throws {
        let run = WhereRun(
            api: OperatorAPI(cluster: try cluster.read(), http: try CurlOperatorHTTP()), console: .standard,
            asJSON: cluster.json)
        let status = try await run.run(try SourcePath.checked(path))
        if status != .done { throw ExitCode(status.rawValue) }
    }
}
