import CacheProtocol
import ImageURL

/// What people name (a URL, a path, a tag, …) as what the cluster matches by. Pure.
struct CommandResolver: Sendable {
    /// Every configuration that a node may still answer by, the newest first: that one gives names their meaning. The
    /// older ones matter because a node that is cut off still reaches a source through endpoints that are gone, and is
    /// waited for by their leases. Never empty.
    let configurations: [ServedConfiguration]

    private var served: ServedConfiguration { configurations[0] }

    /// - Throws: `CommandRefusal` with what is wrong and what to do.
    func command(_ kind: CommandKind, _ subject: CommandSubject) throws(CommandRefusal) -> Command {
        let namesOneSource = kind == .erase || kind == .lift
        switch subject {
        case .url(let url):
            if url.utf8.contains(UInt8(ascii: "*")) {
                guard !namesOneSource else { throw .needsOneSource }
                return try prefixCommand(kind, try WildcardURL(url))
            }
            return try urlCommand(kind, url)
        case .source(let path):
            let sources = try namedSources(path)
            return Command(kind: kind, scope: .source(sources), sites: sites(reaching: sources), label: path)
        case _ where namesOneSource:
            throw .needsOneSource
        case .prefix(let prefix):
            let path = try SourceName.read(prefix: prefix, by: served)
            return try prefixCommand(kind, path, through: served.endpoints)
        case .tag(let tag):
            guard (1...Self.longestTag).contains(tag.utf8.count), !tag.hasControlCharacters else {
                throw CommandRefusal("A tag holds 1 to \(Self.longestTag) bytes without control characters.")
            }
            // Any endpoint may have answered with what bears it.
            return Command(kind: kind, scope: .tag(tag), label: tag)
        case .site(let name):
            let site = try knownSite(name)
            return Command(kind: kind, scope: .site(site), sites: [site], label: name)
        case .all:
            return Command(kind: kind, scope: .all, label: "all")
        }
    }

    // MARK: One URL

    private func urlCommand(_ kind: CommandKind, _ url: String) throws(CommandRefusal) -> Command {
        let target = URLText.target(of: url)
        let endpoint = served.select(target: target)
        let image: ImageRequest
        do throws(ImageURLError) {
            // A signature in the URL says nothing about what to purge, so it is not verified.
            image = try endpoint.parser.parse(target: target)
        } catch {
            throw CommandRefusal("\(url): \(error.message)")
        }
        let locations = endpoint.locator.locations(of: image)
        let sources = locations.map { SourceIdentity(storage: $0.storage, key: $0.key) }
        guard !sources.isEmpty else { throw .noStorage }
        if kind == .erase || kind == .lift {
            // The bytes in storage are meant, whatever recipe the URL asks for.
            return Command(
                kind: kind, scope: .source(sources), sites: sites(reaching: sources), label: image.sourcePath)
        }
        let recipe = VariantIdentity.purgeRecipe(image.recipe)
        let digests = zip(sources, locations).map { source, location in
            ObjectScope.urlDigest(source: source, query: location.query, recipe: recipe)
        }
        return Command(
            kind: kind, scope: .url(digests), sites: sites(reaching: sources), label: URLText.withoutSignature(url))
    }

    // MARK: Sources and prefixes

    private func prefixCommand(_ kind: CommandKind, _ url: WildcardURL) throws(CommandRefusal) -> Command {
        let endpoint = served.select(target: url.target)
        let path = try SourceName.read(prefixTarget: url.target, named: url.text, by: endpoint)
        guard WildcardURL.isNarrowEnough(path) else {
            throw CommandRefusal(
                "\(url.text) names too much. Before its * a URL has two levels (/images/upload*), 15 characters, or a whole "
                    + "file name (/sample.jpg*) after the endpoint. A purge with the scope prefix takes any prefix.")
        }
        return try prefixCommand(kind, path, through: [endpoint])
    }

    /// A prefix of keys in every storage of these endpoints. It reaches all variants, however they were asked for.
    private func prefixCommand(
        _ kind: CommandKind, _ path: String, through endpoints: [ServedEndpoint]
    ) throws(CommandRefusal) -> Command {
        let prefixes = try identities(path, through: endpoints)
        return Command(kind: kind, scope: .prefix(prefixes), sites: sites(reaching: prefixes), label: path)
    }

    /// Every place that a source's path may mean, through whichever endpoint.
    func namedSources(_ path: String) throws(CommandRefusal) -> [SourceIdentity] {
        // Those of a configuration that is about to go as well: a node that is cut off may still answer by it.
        try identities(try SourceName.read(path, by: served), through: configurations.flatMap(\.endpoints))
    }

    /// Keys and paths are compared byte by byte: two texts that Swift holds for equal are two keys.
    private func identities(
        _ path: String, through endpoints: [ServedEndpoint]
    ) throws(CommandRefusal) -> [SourceIdentity] {
        var seen: Set<Digest128> = []
        let identities = endpoints.flatMap { $0.locator.locations(path: path, query: "") }
            .map { SourceIdentity(storage: $0.storage, key: $0.key) }
            .filter { seen.insert($0.digest).inserted }
        guard !identities.isEmpty else { throw .noStorage }
        return identities
    }

    // MARK: Endpoints

    /// By any configuration that may be in force.
    private func sites(reaching sources: [SourceIdentity]) -> [String] {
        let storages = Set(sources.map(\.storage))
        return Set(configurations.flatMap { $0.endpoints(reaching: storages) }.map(\.endpoint.id)).sorted()
    }

    /// The default endpoint's id is empty; `default` is what ImageKit calls it.
    private func knownSite(_ name: String) throws(CommandRefusal) -> String {
        let known = Set(configurations.flatMap(\.endpoints).map(\.endpoint.id))
        if known.contains(name) { return name }
        if name == "default", known.contains("") { return "" }
        let names = known.map { $0.isEmpty ? "default" : $0 }.sorted().joined(separator: ", ")
        throw CommandRefusal("There is no endpoint \"\(name.prefix(100))\"; there is \(names).")
    }

    /// Bytes. A command is kept by every node.
    static let longestTag = 1024
}

/// What a command is about, in the operator's words.
enum CommandSubject: Hashable, Sendable {
    case url(String)
    case source(String)
    case prefix(String)
    case tag(String)
    case site(String)
    case all
}

/// Why a command was not taken; nothing has changed then.
struct CommandRefusal: Error, Hashable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    static let needsOneSource = CommandRefusal("An erase or a lift names one source: its path, or one URL of it.")
    static let noStorage = CommandRefusal("No endpoint has a storage, so nothing can be named.")
}

extension String {
    var hasControlCharacters: Bool {
        unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
}
