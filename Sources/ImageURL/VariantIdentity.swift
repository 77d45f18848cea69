/// Everything that can change the bytes of an answer, as text: the digest of `parts` is a cache's key for the variant.
public struct VariantIdentity: Hashable, Sendable {
    /// Where the source may lie, in the order that it is looked for.
    public var locations: [SourceLocation]
    public var recipe: Recipe
    /// What negotiation may choose from; empty where the recipe names the format.
    public var accept: AcceptClass
    /// Whether it was asked for with a valid signature. So what only a signed request may read never lies under a key
    /// that an unsigned one could reach.
    public var signed: Bool

    public init(locations: [SourceLocation], recipe: Recipe, accept: AcceptClass, signed: Bool) {
        self.locations = locations
        self.recipe = recipe
        self.accept = accept
        self.signed = signed
    }

    public var parts: [String] {
        ["variant", recipe.canonical, String(accept.rawValue), signed ? "signed" : "open"]
            + locations.flatMap { [$0.storage, $0.key, $0.query] }
    }

    /// The recipe as a purge of a URL sees it: such a purge reaches all formats of what the URL means.
    public static func purgeRecipe(_ recipe: Recipe) -> String {
        var recipe = recipe
        recipe.output.format = .auto
        return recipe.canonical
    }
}
