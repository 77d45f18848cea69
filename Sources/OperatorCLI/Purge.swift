import ArgumentParser

struct Purge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Forget cached copies on every node; the source stays and is fetched again when it is asked for.",
        discussion: """
            vignette purge http://edge/demo/tr:w-600/bridge.jpg --wait   that size, in every format
            vignette purge 'http://edge/demo/lakes/2025*'                every source whose path begins so
            vignette purge --source bridge.jpg --wait                    the source and all its sizes
            vignette purge --prefix lakes/ --wait                        every source whose path begins so
            vignette purge --tag season-3                                what the storage sent with that Surrogate-Key
            vignette purge --site shop                                   what was served through that endpoint
            vignette purge --all --wait
            """
    )

    @Argument(help: "The URL whose copies are to be forgotten. A * at its end stands for whatever follows.")
    var url: String?

    @Option(help: ArgumentHelp("A source image with all its variants, by its path in storage.", valueName: "path"))
    var source: String?

    @Option(help: ArgumentHelp("Every source image whose path in storage begins so.", valueName: "path"))
    var prefix: String?

    @Option(help: ArgumentHelp("Everything that its storage marked so (Surrogate-Key, Cache-Tag).", valueName: "tag"))
    var tag: String?

    @Option(help: ArgumentHelp("Everything that was served through this endpoint.", valueName: "id"))
    var site: String?

    @Flag(help: "Everything.")
    var all = false

    @Flag(help: "Copies become stale, not gone: they are checked against storage, and kept where that has nothing newer.")
    var soft = false

    @OptionGroup var wait: WaitOptions
    @OptionGroup var cluster: ClusterOptions

    func validate() throws {
        _ = try scope()
    }

    func run() async throws {
        try await cluster.carryOut(
            ClusterCommand(kind: soft ? .softPurge : .purge, scope: try scope()), timeout: wait.limit)
    }

    func scope() throws(ValidationError) -> ClusterCommand.Scope {
        var scopes: [ClusterCommand.Scope] = []
        if let url { scopes.append(.url(try Self.checked(url: url))) }
        if let source { scopes.append(.source(try SourcePath.checked(source))) }
        if let prefix { scopes.append(.prefix(try SourcePath.checked(prefix: prefix))) }
        if let tag {
            guard !tag.isEmpty else { throw ValidationError("The tag is empty.") }
            scopes.append(.tag(tag))
        }
        if let site { scopes.append(.site(site)) }
        if all { scopes.append(.all) }
        guard let scope = scopes.first else {
            throw ValidationError(
                "What is to be purged? Give a URL, --source PATH, --prefix PATH, --tag TAG, --site ID or --all.")
        }
        guard scopes.count == 1 else {
            throw ValidationError("Give only one of a URL, --source, --prefix, --tag, --site and --all.")
        }
        return scope
    }

    private static func checked(url: String) throws(ValidationError) -> String {
        guard let scheme = ["http://", "https://"].first(where: url.lowercased().hasPrefix), url.count > scheme.count,
            !url.contains(where: { $0.isWhitespace })
        else {
            throw ValidationError("'\(url)' is no URL; write it whole, from http:// or https:// on.")
        }
        return url
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

    /// A `*` at the end is how people write it, and says nothing.
    static func checked(prefix: String) throws(ValidationError) -> String {
        let path = prefix.hasSuffix("*") ? String(prefix.dropLast()) : prefix
        guard path.contains(where: { $0 != "/" }) else {
            throw ValidationError("The prefix is empty, which would be everything: say so with --all.")
        }
        return try checked(path)
    }
}
