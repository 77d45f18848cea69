import ArgumentParser

struct Erase: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Purge a source image and answer 410 for it from now on, whatever storage still holds."
    )

    @Argument(help: "The source image's path in storage.")
    var path: String

    @OptionGroup var wait: WaitOptions
    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        _ = try SourcePath.checked(path)
    }

    func run() async throws {
        let scope = ClusterCommand.Scope.source(try SourcePath.checked(path))
        try await cluster.carryOut(ClusterCommand(kind: .erase, scope: scope), timeout: wait.limit)
    }
}
