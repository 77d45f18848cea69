import ImageURL
import Testing
@testable import Vips
import WorkerProtocol
@testable import ImageTransform

/// A variant, decoded again: what a browser would show.
struct Seen {
    let variant: Variant
    let image: VipsImage

    var size: PixelSize { PixelSize(width: image.width, height: image.height) }

    /// The colour at a place given in fractions of the sides.
    func colour(_ x: Double, _ y: Double) throws -> [Double] {
        try image.pixel(x: Int(x * Double(image.width)), y: Int(y * Double(image.height)))
    }
}

func transform(
    _ bytes: ImageBytes, _ recipe: String, policy: OutputPolicy = OutputPolicy(),
    limits: TransformLimits = TransformLimits()
) throws -> Seen {
    let variant = try ImageTransformer().transform(
        bytes, recipe: try Recipe(canonical: recipe), policy: policy, limits: limits)
    let copy = variant.bytes.withUnsafeBytes { ImageBytes(copying: $0) }
    guard case .image(let format) = copy.withUnsafeBytes({ Signature($0) }) else {
        throw TransformFailure(.notAnImage, diagnostic: "the result")
    }
    let image = try VipsImage.load(copy, as: format, inOrder: false)
    #expect(variant.width == image.width && variant.height == image.height)
    #expect(format.rawValue.hasPrefix(variant.format == .jpeg ? "jpeg" : variant.format.rawValue))
    #expect(image.orientation == 1)
    #expect(!image.hasColourProfile)
    #expect(!image.isCMYK && image.isEightBit)
    return Seen(variant: variant, image: image)
}

func failure(_ bytes: ImageBytes, _ recipe: String = "w-32", limits: TransformLimits = TransformLimits()) throws
    -> TransformFailure?
{
    do throws(TransformFailure) {
        _ = try ImageTransformer().transform(
            bytes, recipe: (try? Recipe(canonical: recipe)) ?? Recipe(), policy: OutputPolicy(), limits: limits)
        return nil
    } catch {
        return error
    }
}

func expectColour(
    _ seen: [Double], _ wanted: [UInt8], within tolerance: Double = 12, sourceLocation: Testing.SourceLocation = #_sourceLocation
) {
    let isNear = zip(seen, wanted).allSatisfy { abs($0 - Double($1)) <= tolerance } && seen.count >= wanted.count
    #expect(isNear, "seen \(seen), wanted \(wanted)", sourceLocation: sourceLocation)
}
