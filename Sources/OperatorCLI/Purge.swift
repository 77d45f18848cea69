import ArgumentParser

struct Purge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Forget cached copies on every node; the source stays and is fetched again when it is asked for.",
        discussion: """
            vignette purge http://edge/demo/tr:w-600/bridge.jpg --wait   that size, in every format
            vignette purge --source bridge.jpg --wait                    the source and all its sizes
            vignette purge --all --wait
            """
    )

    @Argument(help: "The URL whose copies are to be forgotten.")
    var url: String?

    @Option(help: ArgumentHelp("A source image with all its variants, by its path in storage.", valueName: "path"))
    var source: String?

    @Flag(help: "Everything.")
    var all = false

    @OptionGroup var wait: WaitOptions
    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        _ = try scope()
    }

    func run() async throws {
        try await cluster.carryOut(ClusterCommand(kind: .purge, scope: try scope()), timeout: wait.limit)
    }

    func scope() throws(ValidationError) -> ClusterCommand.Scope {
        switch (url, source, all) {
        case (let url?, nil, false):
            guard let scheme = ["http://", "https://"].first(where: url.lowercased().hasPrefix), url.count > scheme.count,
                !url.contains(where: { $0.isWhitespace })
            else {
                throw ValidationError("'\(url)' is no URL; write it whole, from http:// or https:// on.")
            }
            guard !url.hasSuffix("*") else {
                throw ValidationError("URLs that end in * are not supported yet; purge a --source, or --all.")
            }
            return .url(url)
        case (nil, let path?, false): return .source(try SourcePath.checked(path))
        case (nil, nil, true): return .all
        case (nil, nil, false): throw ValidationError("What is to be purged? Give a URL, --source PATH or --all.")
        default: throw ValidationError("Give only one of a URL, --source PATH and --all.")
        }
    }
}

enum SourcePath {
    /// A leading slash says nothing; an empty path would say everything.
    static func checked(_ path: String) throws(ValidationError) -> String {
        let path = String(path.drop { $0 == "/" })
        guard !path.isEmpty else { throw ValidationError("The path of a source image is empty.") }
        guard !path.hasPrefix("http:"), !path.hasPrefix("https:") else {
            throw ValidationError("A source is named by its path in storage, such as folder/photo.jpg, not by a URL.")
        }
        return path
    }
}
