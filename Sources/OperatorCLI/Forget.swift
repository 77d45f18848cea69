import ArgumentParser

struct Forget: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Wait for a node no longer: it is gone for good, or its disk is.",
        discussion: """
            Its lease is waited for once more, then no command waits for it again, and an erase counts as removed without it:
            its receipt says that this node proved nothing. Should it come back, it drops its caches before it answers.
            A node that is well loses its caches by this, and nothing else.
            """
    )

    @Argument(help: "The node's name, or the 16 digits of its data folder where two have one name.")
    var node: String

    @OptionGroup var wait: WaitOptions
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        try await cluster.carryOut(ClusterCommand(kind: .forget, scope: .node(node)), timeout: wait.limit)
    }
}

struct DeclareDead: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "declare-dead",
        abstract: "Forget a node at once, on your word that its process is gone.",
        discussion: """
            \(warning)

            Right after a machine was switched off or destroyed. A node that can't be reached is not dead: `vignette forget`
            waits its lease out and needs nobody's word.
            """
    )

    static let warning = """
        This waits for no lease. If the node's process still runs, be it cut off or paused, it goes on answering with what
        completed commands forbid, for as long as its lease lasts. Receipts say that it was declared dead.
        """

    @Argument(help: "The node's name, or the 16 digits of its data folder where two have one name.")
    var node: String

    @OptionGroup var wait: WaitOptions
    @OptionGroup var cluster: ClusterOptions

    func run() async throws {
        Console.standard.notice("Warning: \(Self.warning)")
        try await cluster.carryOut(ClusterCommand(kind: .declareDead, scope: .node(node)), timeout: wait.limit)
    }
}
