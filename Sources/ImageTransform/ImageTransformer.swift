public import ImageURL
public import Vips
public import WorkerProtocol

/// Makes a variant: a source image after a recipe, encoded. Runs on one thread, after ``VipsLibrary/start()``.
public struct ImageTransformer {
    public init() {}

    /// - Parameters:
    ///   - bytes: the source image as it was stored.
    ///   - recipe: canonical or not; sizes are those of ``ResizePlan``.
    /// - Throws: which of source, limits and this code is at fault. What is too large is refused by the header, before
    ///   any pixel is decoded.
    public func transform(
        _ bytes: ImageBytes, recipe: Recipe, policy: OutputPolicy, limits: TransformLimits
    ) throws(TransformFailure) -> Variant {
        let source = try SourceImage(opening: bytes, limits: limits)
        let steps = try StepPlan.plans(for: recipe, source: source.size, limits: limits)
        let picture = try source.blamed { () throws(VipsError) in
            var picture = try source.decoded(scaledFor: steps.first)
            for step in steps.dropFirst() {
                picture = try picture.materialised().scaled(to: step.scaled).cropped(to: step.crop)
            }
            // From here on no pixel of the source is read any more: what fails then isn't its fault.
            return try picture.materialisedWithoutMetadata().withoutNeedlessAlpha()
        }
        let output = try OutputChoice(
            recipe.output, policy, source: source.format, width: picture.width, height: picture.height,
            isTransparent: picture.hasAlpha)
        let encoded = try output.encoded(picture, limits: limits)
        return Variant(
            bytes: encoded, format: output.format, width: picture.width, height: picture.height,
            sourceWidth: source.size.width, sourceHeight: source.size.height)
    }
}

/// An encoded image and what is known of it.
public struct Variant {
    public let bytes: EncodedBytes
    public let format: OutputFormat
    public let width: Int
    public let height: Int
    /// As seen: after the orientation was applied.
    public let sourceWidth: Int
    public let sourceHeight: Int
}
