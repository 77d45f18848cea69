/// What one transform may cost. Checked against the header of the source and the plan, before any pixel is decoded.
public struct TransformLimits: Hashable, Sendable {
    /// Bytes of the source image. Default 40 MB (reference §4.4).
    public var inputBytes: Int
    /// Pixels of the source: of one frame. Default 100 megapixels (reference §4.4).
    public var inputPixels: Int
    /// Pixels of an animation: of all its frames together. Default 400 megapixels.
    public var animationPixels: Int
    /// Pixels of the result of any step. Default 100 megapixels (reference §4.4).
    public var outputPixels: Int
    /// Bytes of the encoded result. Default 128 MB.
    public var outputBytes: Int

    public init(
        inputBytes: Int = 40_000_000, inputPixels: Int = 100_000_000, animationPixels: Int = 400_000_000,
        outputPixels: Int = 100_000_000, outputBytes: Int = 128_000_000
    ) {
        self.inputBytes = inputBytes
        self.inputPixels = inputPixels
        self.animationPixels = animationPixels
        self.outputPixels = outputPixels
        self.outputBytes = outputBytes
    }

    static let allowed = 1...(1 << 40)

    var isValid: Bool {
        [inputBytes, inputPixels, animationPixels, outputPixels, outputBytes].allSatisfy(TransformLimits.allowed.contains)
    }
}
