import ArgumentParser

struct Erase: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Destroy every copy of a source image and answer 410 for it from now on, whatever storage still holds.",
        discussion: """
            Completed (--wait): no node answers with its bytes. Removed (--wait-removed): every node has destroyed them on its
            disk as well, those that were away and have come back included. `vignette receipt get REVISION` fetches the proof.
            """
    )

    @Argument(help: "The source image's path in storage.")
    var path: String

    @Flag(help: "Return only when every node has destroyed the bytes.")
    var waitRemoved = false

    @OptionGroup var wait: WaitOptions
    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        _ = try SourcePath.checked(path)
    }

    func run() async throws {
        let scope = ClusterCommand.Scope.source(try SourcePath.checked(path))
        try await cluster.carryOut(
            ClusterCommand(kind: .erase, scope: scope), until: waitRemoved ? .removed : .completed,
            timeout: waitRemoved ? .seconds(wait.timeout) : wait.limit)
    }
}
