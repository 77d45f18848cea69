extension Recipe {
    /// The text of the normalized recipe in the URL's own grammar: items in a fixed order, output options in the last
    /// step. Equal recipes, and only they, have equal texts; nothing asked is the empty text.
    public var canonical: String {
        let recipe = normalized
        var steps = recipe.steps.map(\.canonicalItems)
        let output = recipe.output.canonicalItems
        if steps.isEmpty {
            steps.append(output)
        } else {
            steps[steps.count - 1] += output
        }
        return steps.map { $0.joined(separator: ",") }.joined(separator: ":")
    }

    /// Reads back what ``canonical`` wrote. Any other text is refused, so that one recipe cannot travel under two.
    public init(canonical: String, limits: ImageURLLimits = ImageURLLimits()) throws(ImageURLError) {
        guard canonical.utf8.count <= limits.targetBytes else {
            throw .limit("the recipe is longer than \(limits.targetBytes) bytes")
        }
        var parser = RecipeParser(limits: limits)
        try parser.read(Array(canonical.utf8), place: .canonical)
        self = parser.finish(defaultFormat: .auto)
        guard self.canonical.utf8.elementsEqual(canonical.utf8) else {
            throw .badTransformation(
                "\(quoted(canonical.utf8)) is not canonical; it would be \(quoted(self.canonical.utf8))")
        }
    }
}

extension RecipeStep {
    fileprivate var canonicalItems: [String] {
        resize?.canonicalItems ?? []
    }
}

extension Resize {
    fileprivate var canonicalItems: [String] {
        var items: [String] = []
        if let width { items.append("w-" + width.canonicalText) }
        if let height { items.append("h-" + height.canonicalText) }
        if crop != .maintainRatio { items.append("c-" + crop.rawValue) }
        if devicePixelRatio != 1, let ratio = Decimal(devicePixelRatio) { items.append("dpr-" + ratio.text) }
        return items
    }
}

extension Dimension {
    fileprivate var canonicalText: String {
        switch self {
        case .pixels(let pixels): String(pixels)
        case .fraction(let fraction): Decimal(fraction)?.text ?? ""
        }
    }
}

extension OutputOptions {
    fileprivate var canonicalItems: [String] {
        var items: [String] = []
        if format != .auto { items.append("f-" + format.rawValue) }
        if let quality { items.append("q-" + String(quality)) }
        return items
    }
}
