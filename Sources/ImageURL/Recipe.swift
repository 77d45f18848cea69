/// A transformation in canonical form: equal output has an equal recipe.
///
/// Steps run left to right, each on the result of the one before. What encodes the result (`f`, `q`) belongs to the
/// recipe as a whole, wherever the URL named it; the last one named wins.
public struct Recipe: Hashable, Sendable {
    public var steps: [RecipeStep]
    public var output: OutputOptions

    public init(steps: [RecipeStep] = [], output: OutputOptions = OutputOptions()) {
        self.steps = steps
        self.output = output
    }
}

/// One step of a chain. A step that would do nothing does not occur in a recipe.
public struct RecipeStep: Hashable, Sendable {
    public var resize: Resize?

    public init(resize: Resize? = nil) {
        self.resize = resize
    }
}

/// `w`, `h`, `c` and `dpr` of one step. At least one of `width` and `height` is set.
public struct Resize: Hashable, Sendable {
    public var width: Dimension?
    public var height: Dimension?
    /// With one side only `.atMax` has a meaning, not to enlarge: the SDKs' `srcset` asks `w-828,c-at_max`. Any other mode
    /// is `.maintainRatio` then.
    public var crop: CropMode
    /// 0.1 to 5. Multiplies both requested sides. In a normalized recipe it is 1 unless a side is a fraction, since with
    /// sides in pixels the product is known.
    public var devicePixelRatio: Double

    public init(width: Dimension?, height: Dimension?, crop: CropMode = .maintainRatio, devicePixelRatio: Double = 1) {
        self.width = width
        self.height = height
        self.crop = crop
        self.devicePixelRatio = devicePixelRatio
    }
}

/// A requested side (reference §2.1).
public enum Dimension: Hashable, Sendable {
    /// 1 to 65,535 pixels.
    case pixels(Int)
    /// Strictly between 0 and 1: a fraction of the source image's side.
    case fraction(Double)
}

/// The crop strategies of reference §2.4; the raw values are the URL's words.
public enum CropMode: String, Hashable, Sendable, CaseIterable {
    case maintainRatio = "maintain_ratio"
    case force
    case atMax = "at_max"
    case atMaxEnlarge = "at_max_enlarge"
    case atLeast = "at_least"
}

/// How the result is encoded.
public struct OutputOptions: Hashable, Sendable {
    public var format: RequestedFormat
    /// 1 to 100; nil is the server's default.
    public var quality: Int?

    public init(format: RequestedFormat = .auto, quality: Int? = nil) {
        self.format = format
        self.quality = quality
    }
}

/// What `f-` asked for; the raw values are the URL's words (`jpeg` is read as `jpg`).
public enum RequestedFormat: String, Hashable, Sendable, CaseIterable {
    case auto
    case jpeg = "jpg"
    case png
    case webp
    case avif
    /// Keep the format of the source.
    case original = "orig"
}
