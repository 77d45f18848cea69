import ArgumentParser

struct Receipt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fetch and verify the signed receipts of erases.",
        subcommands: [Get.self, Key.self, Verify.self]
    )

    struct Get: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fetch the receipt of an erase. There is one from Completed on, and a last one at Removed.")

        @Argument(help: "The erase's revision.")
        var revision: UInt64

        @Option(name: [.short, .long], help: ArgumentHelp("Where to write it (default: standard output).", valueName: "file"))
        var output: String?

        @OptionGroup var cluster: ClusterOptions

        func run() async throws {
            try await ReceiptRun(cluster).get(revision, to: output)
        }
    }

    struct Key: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fetch the public key that receipts are verified by, as PEM. Keep it: it is what makes them proofs.")

        @Option(name: [.short, .long], help: ArgumentHelp("Where to write it (default: standard output).", valueName: "file"))
        var output: String?

        @OptionGroup var cluster: ClusterOptions

        func run() async throws {
            try await ReceiptRun(cluster).key(to: output)
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tell whether a receipt is genuine, and what it proves. Needs no cluster.",
            discussion: "Exit status: 0 the key has signed it and nothing was changed, 1 not."
        )

        @Argument(help: "The receipt.")
        var file: String

        @Option(help: ArgumentHelp("The public key: a file, or its 32 bytes in base64.", valueName: "file|base64"))
        var key: String

        func run() async throws {
            try ReceiptCheck(console: .standard).run(file: file, key: key)
        }
    }
}

extension ReceiptRun {
    fileprivate init(_ cluster: ClusterOptions) throws {
        self.init(api: OperatorAPI(cluster: try cluster.read(), http: try CurlOperatorHTTP()), console: .standard)
    }
}
