import ImageURL

/// Recipes and their spellings at random, over all that the grammar knows.
extension SeededRandom {
    mutating func recipe() -> Recipe {
        let steps = (0..<Int.random(in: 0...4, using: &self)).map { _ in RecipeStep(resize: resize()) }
        let format = chance(0.5) ? RequestedFormat.auto : pick(RequestedFormat.allCases)
        let quality = chance(0.5) ? nil : Int.random(in: 1...100, using: &self)
        return Recipe(steps: steps, output: OutputOptions(format: format, quality: quality))
    }

    mutating func resize() -> Resize {
        let sides = Int.random(in: 1...3, using: &self)
        let ratio = chance(0.6) ? 1 : Double(Int.random(in: 100_000...5_000_000, using: &self)) / 1_000_000
        return Resize(
            width: sides & 1 != 0 ? dimension() : nil, height: sides & 2 != 0 ? dimension() : nil,
            crop: pick(CropMode.allCases), devicePixelRatio: ratio
        )
    }

    mutating func dimension() -> Dimension {
        switch Int.random(in: 0..<10, using: &self) {
        case 0: .pixels(pick([1, 2, 5_000, 5_001, 65_535]))
        case 1...2: .fraction(Double(Int.random(in: 1...999_999, using: &self)) / 1_000_000)
        case 3: .fraction(Double(Int.random(in: 1...9, using: &self)) / 10)
        default: .pixels(Int.random(in: 1...3_000, using: &self))
        }
    }

    /// A transformation text of the recipe: items in any order, needless items and steps, other spellings.
    mutating func spelling(of recipe: Recipe) -> String {
        var steps: [[String]] = recipe.steps.map { items(of: $0.resize) }
        for _ in 0..<Int.random(in: 0...2, using: &self) {
            let needless = pick(["c-force", "dpr-2", "c-maintain_ratio", "dpr-1", "w-65536", "h-70000.0"])
            steps.insert([needless], at: Int.random(in: 0...steps.count, using: &self))
        }
        let output = outputItems(of: recipe.output)
        if !output.isEmpty, steps.isEmpty { steps.append([]) }
        for item in output { steps[Int.random(in: 0..<steps.count, using: &self)].append(item) }
        for index in steps.indices { steps[index].shuffle(using: &self) }
        return steps.map { $0.joined(separator: ",") }.joined(separator: ":")
    }

    private mutating func items(of resize: Resize?) -> [String] {
        guard let resize else { return [] }
        var items: [String] = []
        for (key, side) in [("w", resize.width), ("h", resize.height)] {
            switch side {
            case .pixels(let pixels): items.append("\(key)-\(pick(["", "0"]))\(pixels)\(pick(["", ".0", ".00"]))")
            case .fraction(let fraction): items.append("\(key)-\(number(fraction))")
            case nil: if chance(0.1) { items.append("\(key)-99999") }
            }
        }
        if resize.crop != .maintainRatio || chance(0.3) { items.append("c-\(resize.crop.rawValue)") }
        if resize.devicePixelRatio != 1 || chance(0.3) { items.append("dpr-\(number(resize.devicePixelRatio))") }
        return items
    }

    private mutating func outputItems(of output: OutputOptions) -> [String] {
        var items: [String] = []
        if output.format == .jpeg {
            items.append(pick(["f-jpg", "f-jpeg"]))
        } else if output.format != .auto || chance(0.3) {
            items.append("f-\(output.format.rawValue)")
        }
        if let quality = output.quality { items.append("q-\(quality)\(pick(["", ".0"]))") }
        return items
    }

    /// Not the parser's own formatting: millionths, padded by hand, with random trailing zeros.
    private mutating func number(_ value: Double) -> String {
        let millionths = Int((value * 1_000_000).rounded())
        let fraction = String(1_000_000 + millionths % 1_000_000).dropFirst()
        return "\(millionths / 1_000_000).\(fraction)\(pick(["", "0", "00"]))"
    }

    /// A raw spelling of the bytes as one URL part: each byte plain where it may be, or percent-encoded.
    mutating func encoded(_ text: String, plain: Double = 0.8) -> String {
        let free = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~,:".utf8)
        return text.utf8.map { byte in
            if free.contains(byte), chance(plain) { return String(UnicodeScalar(byte)) }
            let digits = String(byte, radix: 16, uppercase: chance(0.5))
            return "%" + (byte < 16 ? "0" : "") + digits
        }.joined()
    }
}
