import ArgumentParser

struct Lift: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "End an erase: the source image may be fetched from storage and served again."
    )

    @Argument(help: "The source image's path in storage, as it was erased.")
    var path: String

    @OptionGroup var wait: WaitOptions
    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        _ = try SourcePath.checked(path)
    }

    func run() async throws {
        let scope = ClusterCommand.Scope.source(try SourcePath.checked(path))
        try await cluster.carryOut(ClusterCommand(kind: .lift, scope: scope), timeout: wait.limit)
    }
}
