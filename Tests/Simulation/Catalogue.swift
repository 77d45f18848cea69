import CacheProtocol

/// What there is to ask for, by number; digests and texts are made once for all seeds.
///
/// Two storages hold some of the images each. Endpoint 0 looks into both in their order, endpoint 1 into the second only,
/// unless the configuration says that one of them is gone. A recipe has two formats. Recipe 2 lays one image over another;
/// recipe 3 is a name, which the configuration says the meaning of.
enum Catalogue {
    static let images = 6
    static let storages = 2
    static let recipes = 3
    static let composite = 2
    static let named = 3
    static let formats = 2
    static let endpoints = 2
    static let tags = ["red", "green", "blue"]
    static let sites = ["", "press"]
    static let folders = ["cats/", "dogs/"]

    static let sources: [SourceIdentity] = (0..<storages).flatMap { storage in
        (0..<images).map { SourceIdentity(storage: storageNames[storage], key: path(of: $0)) }
    }
    static let storageNames = ["disk", "bucket"]

    static func folder(of image: Int) -> Int { image % folders.count }

    /// What lies over it in a composite: always of the other folder.
    static func overlay(of image: Int) -> Int { (image + 1) % images }

    static func path(of image: Int) -> String { "\(folders[folder(of: image)])\(image).jpg" }

    static func source(_ storage: Int, _ image: Int) -> SourceIdentity { sources[storage * images + image] }

    static let urls: [Digest128] = sources.flatMap { source in
        (0...recipes).map { ObjectScope.urlDigest(source: source, query: "", recipe: "r\($0)") }
    }

    /// Of one recipe in every format; `recipes` stands for the source itself.
    static func url(_ storage: Int, _ image: Int, recipe: Int) -> Digest128 {
        urls[(storage * images + image) * (recipes + 1) + recipe]
    }

    static let sourceURLs: [Digest128] = sources.map {
        ObjectScope.urlDigest(source: $0, query: "", recipe: "source")
    }

    static func tagNames(_ mask: Int) -> [String] { tagSets[mask] }
    private static let tagSets: [[String]] = (0..<1 << tags.count).map { mask in
        tags.indices.filter { mask >> $0 & 1 == 1 }.map { tags[$0] }
    }
}

/// What a client asks for.
struct Target: Hashable, CustomStringConvertible {
    var endpoint: Int
    var image: Int
    /// `Catalogue.named` for the name.
    var recipe: Int
    var format: Int

    var description: String {
        let site = endpoint == 0 ? "" : "/\(Catalogue.sites[endpoint])"
        let recipe = recipe == Catalogue.named ? "n-name" : "r\(recipe)"
        return "\(site)/\(recipe)/\(Catalogue.path(of: image)).\(format == 0 ? "webp" : "avif")"
    }
}

/// What a configuration says, as far as it matters here.
struct SimulatedConfiguration: Hashable {
    var number: Int
    /// By endpoint: milliseconds.
    var leases: [UInt64]
    /// By endpoint: the storages it looks into, in their order. Nil when there is no such endpoint.
    var storages: [[Int]?]
    /// The recipe that the name stands for.
    var definition: Int

    var longestLease: UInt64 { leases.max() ?? 0 }
    var shortestLease: UInt64 { leases.min() ?? 0 }

    func reaches(_ storage: Int) -> [Int] {
        storages.indices.filter { storages[$0]?.contains(storage) ?? false }
    }

    /// Nil for an endpoint that there is not.
    func read(_ target: Target) -> Wanted? {
        guard let places = storages[target.endpoint], !places.isEmpty else { return nil }
        let recipe = target.recipe == Catalogue.named ? definition : target.recipe
        return Wanted(target: target, recipe: recipe, places: places)
    }
}

/// A request as a configuration reads it: mirrors `WantedVariant` of the edge and of the origin.
struct Wanted {
    let target: Target
    let recipe: Int
    let key: CacheKey
    let places: [Int]
    /// What lies over the image, if it is a composite; looked for in the same places.
    let overlay: Int?
    /// Every place of the image.
    let mainSources: [SourceIdentity]
    /// And of its overlay: what tombstones and purges are matched against before anything is read.
    let sources: [SourceIdentity]
    let urls: [Digest128]

    init(target: Target, recipe: Int, places: [Int]) {
        (self.target, self.recipe, self.places) = (target, recipe, places)
        let mask = places.reduce(0) { $0 | 1 << $1 }
        key = CacheKey(
            number: (((mask * Catalogue.endpoints + target.endpoint) * Catalogue.recipes + recipe)
                * Catalogue.formats + target.format) * Catalogue.images + target.image)
        let overlay = recipe == Catalogue.composite ? Catalogue.overlay(of: target.image) : nil
        self.overlay = overlay
        mainSources = places.map { Catalogue.source($0, target.image) }
        sources = mainSources + (overlay.map { overlay in places.map { Catalogue.source($0, overlay) } } ?? [])
        urls = places.map { Catalogue.url($0, target.image, recipe: recipe) }
    }
}

/// Stands for the product's key, a digest, in the product's own `FillTable`.
struct CacheKey: Hashable {
    var number: Int
}
