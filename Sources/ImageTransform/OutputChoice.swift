internal import ImageURL
internal import Vips
internal import WorkerProtocol

/// The format and the encoder's settings for one picture.
struct OutputChoice {
    let format: OutputFormat
    let quality: Int

    /// - Throws: `.tooLarge` where the format that was asked for cannot hold the picture.
    init(
        _ options: OutputOptions, _ policy: OutputPolicy, source: SourceFormat, width: Int, height: Int,
        isTransparent: Bool
    ) throws(TransformFailure) {
        quality = options.quality ?? policy.defaultQuality
        let side = max(width, height)
        let candidates = OutputChoice.candidates(
            options.format, policy, source: source, pixels: width * height, isTransparent: isTransparent)
        guard let format = candidates.first(where: { side <= $0.largestSide ?? .max }) else {
            let asked = candidates[0]
            throw .tooLarge(
                .outputSide, actual: side, allowed: asked.largestSide ?? .max, subject: asked.rawValue)
        }
        self.format = format
    }

    /// In order of preference; at least one.
    private static func candidates(
        _ asked: RequestedFormat, _ policy: OutputPolicy, source: SourceFormat, pixels: Int, isTransparent: Bool
    ) -> [OutputFormat] {
        switch asked {
        case .jpeg: return [.jpeg]
        case .png: return [.png]
        case .webp: return [.webp]
        case .avif: return [.avif]
        case .original:
            switch source {
            case .jpeg: return [.jpeg]
            case .png, .svg: return [.png]
            case .webp: return [.webp]
            case .avif: return [.avif]
            case .gif: return [.gif]
            case .heic, .tiff: return [isTransparent ? .png : .jpeg]
            }
        case .auto:
            var formats: [OutputFormat] = []
            if policy.acceptsAVIF, pixels <= largestAutomaticAVIF { formats.append(.avif) }
            if policy.acceptsWebP { formats.append(.webp) }
            // Drawings have hard edges and flat areas, which PNG keeps and JPEG does not.
            let isDrawing = source == .svg || source == .gif
            return formats + [isTransparent || isDrawing ? .png : .jpeg]
        }
    }

    /// Above this an AVIF takes longer than a person waits for a picture (about 0.8 s per megapixel); only `f-avif` gets it.
    static let largestAutomaticAVIF = 2_000_000
    /// Above this AVIF is encoded with the least effort, which is 4 times as fast for a tenth more bytes.
    static let largestEffortfulAVIF = 2_000_000

    /// One `q` looks about the same in every format. AVIF's own scale is another: at 60 it is as far from the original as
    /// WebP at 80 (measured on photos: 38.4 and 38.5 dB, 32.4 and 32.7), at two thirds to nine tenths of the bytes; at 80 it
    /// would be better than asked for and larger than the WebP.
    static func avifQuality(for quality: Int) -> Int {
        quality <= 80 ? max(1, quality * 3 / 4) : 60 + (quality - 80) * 2
    }

    func encoded(_ picture: VipsImage, limits: TransformLimits) throws(TransformFailure) -> EncodedBytes {
        let bytes: EncodedBytes
        do {
            // Reference §2.1: what lies under transparency is black unless the recipe says otherwise.
            let picture = format.holdsTransparency ? picture : try picture.flattened(red: 0, green: 0, blue: 0)
            bytes = try picture.encoded(encoder(pixels: picture.width * picture.height))
        } catch {
            throw TransformFailure(.internalError, diagnostic: error.description)
        }
        guard bytes.count <= limits.outputBytes else {
            throw .tooLarge(.outputBytes, actual: bytes.count, allowed: limits.outputBytes)
        }
        return bytes
    }

    private func encoder(pixels: Int) -> Encoder {
        switch format {
        case .jpeg: .jpeg(quality: quality)
        case .png, .svg: .png
        case .webp: .webp(quality: quality)
        case .avif:
            .avif(
                quality: OutputChoice.avifQuality(for: quality),
                effort: pixels <= OutputChoice.largestEffortfulAVIF ? 3 : 0)
        case .gif: .gif
        }
    }
}
