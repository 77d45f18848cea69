import CacheProtocol
import ImageURL
import Testing

@testable import OriginServer

@Suite("What people name, as what the cluster matches by")
struct CommandResolverTests {
    @Test("a source is every place that its path may mean, through whichever endpoint, however it is spelled", arguments: [
        "lakes/a b.jpg", "/lakes/a b.jpg", "lakes/a%20b.jpg", "lakes%2Fa%20b.jpg", "%6Cakes/a%20b%2Ejpg",
    ])
    func sources(path: String) throws {
        let command = try Sample.resolver.command(.erase, .source(path))

        #expect(command.scope == .source([
            SourceIdentity(storage: "web", key: "lakes/a b.jpg"), SourceIdentity(storage: "bucket", key: "photos/lakes/a b.jpg"),
        ]))
        #expect(command.sites == ["", "shop"])
        #expect(command.label == path)
    }

    @Test("a URL is one recipe at the places of its own endpoint; what else reaches them is waited for as well")
    func urls() throws {
        let command = try Sample.resolver.command(.hardPurge, .url("https://h/demo/shop/tr:w-100/a.jpg?ik-s=00&x=1"))
        let recipe = VariantIdentity.purgeRecipe(try Sample.recipe("/demo/shop/tr:w-100/a.jpg"))
        let place = SourceIdentity(storage: "bucket", key: "photos/a.jpg")

        #expect(command.scope == .url([ObjectScope.urlDigest(source: place, query: "", recipe: recipe)]))
        #expect(command.sites == ["", "shop"])
        #expect(command.label == "https://h/demo/shop/tr:w-100/a.jpg?x=1")
    }

    @Test("an erase by a URL is of the source, whatever recipe the URL asks for")
    func eraseByURL() throws {
        let command = try Sample.resolver.command(.erase, .url("https://h/demo/shop/tr:w-100/a.jpg"))

        #expect(command.scope == .source([SourceIdentity(storage: "bucket", key: "photos/a.jpg")]))
        #expect(command.label == "a.jpg")
    }

    @Test("a prefix is the beginning of keys in every storage", arguments: [
        ("lakes/", "lakes/"), ("/lakes/*", "lakes/"), ("l", "l"), ("lakes/20%32", "lakes/202"), ("é", "é"), ("a%2Ab", "a*b"),
        (".hidden", ".hidden"), ("a/..b", "a/..b"),
    ])
    func prefixes(written: String, path: String) throws {
        let command = try Sample.resolver.command(.softPurge, .prefix(written))

        #expect(command.scope == .prefix([
            SourceIdentity(storage: "web", key: path), SourceIdentity(storage: "bucket", key: "photos/" + path),
        ]))
        #expect(command.label == path)
    }

    @Test("what is no prefix of a path is refused", arguments: [
        "", "/", "*", "a*b", "a?x", "a#b", "a/.", "a/..", "../a", "a/../b", "a//b", "a/%2", "a/%", "a\\b", "a/%00", "tr:w-1/a",
        "a/tr:", "%74r:w-1/a", "a/%FF", "https://h/a", String(repeating: "a", count: 1025),
    ])
    func refusedPrefixes(written: String) {
        #expect(throws: CommandRefusal.self) { try Sample.resolver.command(.hardPurge, .prefix(written)) }
    }

    /// Reference imagekit-transformations.md §7.
    @Test("a * at the end of a URL is a prefix, in that endpoint's storages", arguments: [
        ("https://h/demo/images/upload*", "images/upload"), ("https://h/demo/sample.jpg*", "sample.jpg"),
        ("https://h/demo/fifteen-letters*", "fifteen-letters"), ("/demo/images/2025/*", "images/2025/"),
        ("https://h/demo/media/catalog/product*", "media/catalog/product"), ("https://h/demo/im%61ges/up*", "images/up"),
    ])
    func wildcards(url: String, path: String) throws {
        let command = try Sample.resolver.command(.hardPurge, .url(url))

        #expect(command.scope == .prefix([
            SourceIdentity(storage: "web", key: path), SourceIdentity(storage: "bucket", key: "photos/" + path),
        ]))
        let shop = try Sample.resolver.command(.hardPurge, .url(url.replacing("/demo/", with: "/demo/shop/")))
        #expect(shop.scope == .prefix([SourceIdentity(storage: "bucket", key: "photos/" + path)]))
    }

    @Test("a * elsewhere, or before which too little stands, is refused", arguments: [
        "https://h/demo/images/*/a.jpg", "https://h/demo/images/up**", "https://h/demo/*", "https://h/demo*", "https://h/*", "*",
        "https://h/demo/images*", "https://h/demo/images/*", "https://h/demo/sho*", "https://h/demo/shop/*",
        "https://h/demo/media/catalog/*", "https://h/demo/s/files/*", "https://h/demo/media/catalog*", "https://h/demo/s/files*",
        "https://h/demo/tr:w-100/images/upload*", "https://h/demo/tr:f-auto/images/upload*", "https://h/demo/images/upload?x*",
        "https://h/demo/images/upload/../x*", "https://h/demo/images/..*", "https://h/demo/images//up*", "https://h/demo/images/u%2*",
        "https://h/other/images/upload*", "https://h/demo/sample.jp%*",
    ])
    func refusedWildcards(url: String) {
        #expect(throws: CommandRefusal.self) { try Sample.resolver.command(.hardPurge, .url(url)) }
    }

    @Test("an erase or a lift names one source", arguments: [
        CommandSubject.prefix("a"), .tag("a"), .site("shop"), .all, .url("https://h/demo/images/upload*"),
    ])
    func oneSource(subject: CommandSubject) {
        #expect(throws: CommandRefusal.needsOneSource) { try Sample.resolver.command(.erase, subject) }
        #expect(throws: CommandRefusal.needsOneSource) { try Sample.resolver.command(.lift, subject) }
    }

    @Test("tags, sites and everything")
    func others() throws {
        #expect(try Sample.resolver.command(.softPurge, .tag("season 3")) == Command(kind: .softPurge, scope: .tag("season 3"), label: "season 3"))
        #expect(try Sample.resolver.command(.hardPurge, .site("shop")) == Command(kind: .hardPurge, scope: .site("shop"), sites: ["shop"], label: "shop"))
        #expect(try Sample.resolver.command(.hardPurge, .site("default")).scope == .site(""))
        #expect(try Sample.resolver.command(.hardPurge, .all) == Command(kind: .hardPurge, scope: .all, label: "all"))
        #expect(try Sample.resolver.command(.hardPurge, .tag(String(repeating: "t", count: 1024))).scope.isTag)
        for subject in [CommandSubject.tag(""), .tag("a\nb"), .tag(String(repeating: "t", count: 1025)), .site("shup")] {
            #expect(throws: CommandRefusal.self) { try Sample.resolver.command(.hardPurge, subject) }
        }
    }

    /// The default endpoint has just lost its bucket, and the old endpoint is gone altogether: a node that has not heard of
    /// it still serves from there through both.
    @Test("endpoints of a configuration that may still be in force are waited for")
    func olderConfigurations() throws {
        let now = Sample.configuration([("", ["web"]), ("shop", ["bucket"])])
        let before = Sample.configuration([("", ["web", "bucket"]), ("old", ["bucket"]), ("other", ["web"])])
        let command = try CommandResolver(configurations: [now, before]).command(.erase, .url("https://h/demo/shop/a.jpg"))

        #expect(command.sites == ["", "old", "shop"])
        #expect(try CommandResolver(configurations: [now, before]).command(.hardPurge, .site("old")).sites == ["old"])
    }

    @Test("keys that Swift holds for one text are two keys")
    func normalization() throws {
        let configuration = Sample.configuration([("", ["web"])])
        let composed = try CommandResolver(configurations: [configuration]).command(.erase, .source("\u{E9}.jpg"))
        let decomposed = try CommandResolver(configurations: [configuration]).command(.erase, .source("e\u{301}.jpg"))
        guard case .source(let left) = composed.scope, case .source(let right) = decomposed.scope else { return }

        #expect(left[0].digest != right[0].digest)
    }

    @Test("a configuration without storages names nothing")
    func nothing() {
        let resolver = CommandResolver(configurations: [Sample.configuration([])])
        for subject in [CommandSubject.source("a"), .url("/demo/a.jpg"), .prefix("a")] {
            #expect(throws: CommandRefusal.noStorage) { try resolver.command(.hardPurge, subject) }
        }
    }
}

enum Sample {
    /// A default endpoint with two storages, and a shop with one of them.
    static let resolver = CommandResolver(configurations: [configuration([("", ["web", "bucket"]), ("shop", ["bucket"])])])

    static func configuration(_ endpoints: [(id: String, storages: [String])]) -> ServedConfiguration {
        ServedConfiguration(
            URLConfiguration(
                account: "demo", endpoints: endpoints.map { EndpointSettings(id: $0.id, storages: $0.storages) },
                storages: [StorageReference(id: "web"), StorageReference(id: "bucket", keyPrefix: "photos/")]),
            keys: [:])
    }

    static func recipe(_ target: String) throws -> Recipe {
        try resolver.configurations[0].select(target: target).parser.parse(target: target).recipe
    }
}

extension CommandScope {
    fileprivate var isTag: Bool {
        if case .tag = self { true } else { false }
    }
}
