/// Bounds on what one URL may ask the parser to do. Parsing is linear in the target's length; these bound the length.
public struct ImageURLLimits: Sendable, Equatable {
    /// Bytes of the whole request target as received. Default 8,192, what common proxies pass.
    public var targetBytes: Int
    /// Bytes of the source path after percent-decoding. Default 1,024, the longest key of S3.
    public var pathBytes: Int
    /// Steps of the whole chain, over every `tr:` segment and `tr=` parameter. Default 32.
    public var steps: Int
    /// Items of the whole chain. Default 256.
    public var items: Int

    public init(targetBytes: Int = 8192, pathBytes: Int = 1024, steps: Int = 32, items: Int = 256) {
        self.targetBytes = targetBytes
        self.pathBytes = pathBytes
        self.steps = steps
        self.items = items
    }
}

/// Bounds that the URL contract itself sets (reference §2.3, §2.6, §4.4).
public enum TransformationBounds {
    /// A larger side in the URL is ignored, not refused.
    public static let largestSide = 65_535
    /// `dpr` outside is refused.
    public static let devicePixelRatio = 0.1...5.0
    /// A side multiplied by `dpr` stays in this range of pixels, else `dpr` is ignored.
    public static let multipliedSide = 1...5_000
    public static let quality = 1...100
}
