extension Recipe {
    /// The one form of all recipes that give the same output: steps that do nothing are gone, values that are ignored
    /// or are the default are gone, a pixel ratio is multiplied into sides given in pixels.
    public var normalized: Recipe {
        Recipe(steps: steps.compactMap(\.normalized), output: output)
    }
}

extension RecipeStep {
    /// nil when the step does nothing.
    var normalized: RecipeStep? {
        guard let resize = resize?.normalized else { return nil }
        return RecipeStep(resize: resize)
    }
}

extension Resize {
    /// nil when no side remains.
    var normalized: Resize? {
        let width = width?.normalized, height = height?.normalized
        guard width != nil || height != nil else { return nil }
        // With one side only `at_max` still says something: not to enlarge.
        let crop = (width != nil && height != nil) || crop == .atMax ? crop : .maintainRatio
        let inRange = TransformationBounds.devicePixelRatio.contains(devicePixelRatio)
        let ratio = inRange ? Decimal(devicePixelRatio)?.millionths ?? Decimal.unit : Decimal.unit
        let resize = Resize(width: width, height: height, crop: crop)
        switch resize.multiplied(by: ratio) {
        case .all(let multiplied): return multiplied
        case .outOfRange: return resize
        case .needsSource: break
        }
        var kept = resize
        kept.devicePixelRatio = Decimal(millionths: ratio).double
        return kept
    }

    private enum Multiplied {
        case all(Resize)
        /// One side leaves the allowed range, so the ratio is ignored for both.
        case outOfRange
        /// A side is a fraction of a source that is not known yet.
        case needsSource
    }

    /// The rule of ``ResizePlan``, as far as it goes without the source's size.
    private func multiplied(by ratio: Int) -> Multiplied {
        var result = self
        var needsSource = false
        for side in [\Resize.width, \Resize.height] {
            switch self[keyPath: side] {
            case .pixels(let pixels):
                guard let product = multipliedSide(pixels, by: ratio) else { return .outOfRange }
                result[keyPath: side] = .pixels(product)
            case .fraction:
                needsSource = true
            case nil:
                break
            }
        }
        return needsSource && ratio != Decimal.unit ? .needsSource : .all(result)
    }
}

/// `pixels` times a ratio in millionths, to the nearest pixel; nil when the exact product leaves the range in which
/// `dpr` counts (reference §2.3). A ratio of 1 always counts.
func multipliedSide(_ pixels: Int, by ratio: Int) -> Int? {
    if ratio == Decimal.unit { return pixels }
    let product = pixels * ratio
    let range = TransformationBounds.multipliedSide
    guard product >= range.lowerBound * Decimal.unit, product <= range.upperBound * Decimal.unit else { return nil }
    return (product + Decimal.unit / 2) / Decimal.unit
}

extension Dimension {
    /// nil when it is ignored: above the largest side a URL may name, or no size at all.
    var normalized: Dimension? {
        switch self {
        case .pixels(let pixels):
            return pixels >= 1 && pixels <= TransformationBounds.largestSide ? self : nil
        case .fraction(let fraction):
            guard let decimal = Decimal(fraction), decimal.millionths > 0 else { return nil }
            return .fraction(Decimal(millionths: min(decimal.millionths, Decimal.unit - 1)).double)
        }
    }
}
