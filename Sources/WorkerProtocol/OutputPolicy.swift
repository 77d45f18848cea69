/// What decides the output's encoding besides the recipe.
public struct OutputPolicy: Hashable, Sendable {
    /// The client takes WebP. Counts only where the recipe negotiates the format.
    public var acceptsWebP: Bool
    /// The client takes AVIF and the endpoint lets negotiation answer it.
    public var acceptsAVIF: Bool
    /// 1 to 100, for a recipe without one.
    public var defaultQuality: Int

    public init(acceptsWebP: Bool = false, acceptsAVIF: Bool = false, defaultQuality: Int = 80) {
        self.acceptsWebP = acceptsWebP
        self.acceptsAVIF = acceptsAVIF
        self.defaultQuality = defaultQuality
    }

    static let qualities = 1...100
}
