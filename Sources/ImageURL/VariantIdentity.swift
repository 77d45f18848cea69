/// Everything that can change the bytes of an answer, as text: the digest of `parts` is a cache's key for the variant.
public struct VariantIdentity: Hashable, Sendable {
    /// The id of the endpoint. Two endpoints never share a copy, so a purge of a site reaches all that it answers with.
    public var site: String
    /// Where the source may lie, in the order that it is looked for.
    public var locations: [SourceLocation]
    public var recipe: Recipe
    /// What negotiation may choose from; empty where the recipe names the format.
    public var accept: AcceptClass
    /// Whether it was asked for with a valid signature. So what only a signed request may read never lies under a key
    /// that an unsigned one could reach.
    public var signed: Bool
    /// The endpoint's, where the recipe leaves the quality to it.
    public var defaultQuality: Int?

    public init(
        site: String, locations: [SourceLocation], recipe: Recipe, accept: AcceptClass, signed: Bool, defaultQuality: Int?
    ) {
        self.site = site
        self.locations = locations
        self.recipe = recipe
        self.accept = accept
        self.signed = signed
        self.defaultQuality = defaultQuality
    }

    public var parts: [String] {
        [
            "variant", site, recipe.canonical, defaultQuality.map { "q\($0)" } ?? "", String(accept.rawValue),
            signed ? "signed" : "open",
        ] + locations.flatMap { [$0.storage, $0.meaning, $0.key, $0.query] }
    }

    /// The recipe as a purge of a URL sees it: such a purge reaches all formats of what the URL means.
    public static func purgeRecipe(_ recipe: Recipe) -> String {
        var recipe = recipe
        recipe.output.format = .auto
        return recipe.canonical
    }
}
