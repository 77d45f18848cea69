internal import ImageURL
internal import Vips
internal import WorkerProtocol

/// A source image whose kind and header are known and within the limits; no pixel has been decoded.
struct SourceImage {
    let bytes: ImageBytes
    let format: SourceFormat
    /// As seen: after the orientation.
    let size: PixelSize
    let header: VipsImage

    init(opening bytes: ImageBytes, limits: TransformLimits) throws(TransformFailure) {
        guard bytes.count <= limits.inputBytes else {
            throw .tooLarge(.inputBytes, actual: bytes.count, allowed: limits.inputBytes)
        }
        switch bytes.withUnsafeBytes({ Signature($0) }) {
        case .image(let format): self.format = format
        case .other(let name): throw TransformFailure(.unsupported, subject: name)
        case .unknown: throw TransformFailure(.notAnImage)
        }
        do {
            header = try VipsImage.load(bytes, as: format)
        } catch {
            throw SourceImage.blame(format, bytes, error)
        }
        self.bytes = bytes
        size = header.orientationSwapsSides
            ? PixelSize(width: header.height, height: header.width)
            : PixelSize(width: header.width, height: header.height)
        try checkPixels(limits)
    }

    private func checkPixels(_ limits: TransformLimits) throws(TransformFailure) {
        let pixels = size.width * size.height
        guard pixels <= limits.inputPixels else {
            throw .tooLarge(.inputPixels, actual: pixels, allowed: limits.inputPixels)
        }
        // Only these can be animations: the pages of a HEIC or TIFF file are other pictures, which are not read.
        guard format == .gif || format == .webp else { return }
        let (all, overflow) = pixels.multipliedReportingOverflow(by: header.pageCount)
        guard !overflow, all <= limits.animationPixels else {
            throw .tooLarge(.animationPixels, actual: overflow ? .max : all, allowed: limits.animationPixels)
        }
    }

    /// Decodes the picture, scaled and cut for the first step, upright, in standard colour.
    ///
    /// Scaling comes first, in the file's own orientation and mostly in its own colours: both later stages then have
    /// only the pixels left that will be seen.
    func decoded(scaledFor step: StepPlan?) throws(VipsError) -> VipsImage {
        let scaled = (step?.scaled ?? size).swapped(header.orientationSwapsSides)
        let shrink = ShrinkOnLoad.choice(
            for: format, from: PixelSize(width: header.width, height: header.height), to: scaled)
        var picture = shrink == .none ? header : try VipsImage.load(bytes, as: format, shrink: shrink)
        if picture.needsStandardColourToScale {
            picture = try picture.inStandardColour()
        }
        picture = try picture.scaled(to: scaled).inStandardColour()
        if picture.orientation != 1 {
            picture = try picture.materialised().uprighted()
        }
        return try picture.cropped(to: step?.crop)
    }

    /// Runs work that reads the source's pixels; where it fails, the source is damaged.
    func blamed<Result>(_ work: () throws(VipsError) -> Result) throws(TransformFailure) -> Result {
        do {
            return try work()
        } catch {
            throw SourceImage.blame(format, bytes, error)
        }
    }

    private static func blame(_ format: SourceFormat, _ bytes: ImageBytes, _ error: VipsError) -> TransformFailure {
        let kind: TransformFailure.Kind = bytes.withUnsafeBytes(format.endsEarly) ? .truncated : .corrupt
        return TransformFailure(kind, subject: format.name, diagnostic: error.description)
    }
}

extension SourceFormat {
    /// For people.
    var name: String {
        switch self {
        case .webp: "WebP"
        case .jpeg, .png, .gif, .avif, .heic, .tiff, .svg: rawValue.uppercased()
        }
    }
}

extension PixelSize {
    fileprivate func swapped(_ swap: Bool) -> PixelSize {
        swap ? PixelSize(width: height, height: width) : self
    }
}
