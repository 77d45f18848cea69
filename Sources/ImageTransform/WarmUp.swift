internal import ImageURL
public import Vips
internal import WorkerProtocol

extension ImageTransformer {
    /// Runs every decoder and encoder once, text in SVG included, so that no first job pays for loading libraries and
    /// fonts, and a missing one is found before there is a job.
    public func warmUp() throws(VipsError) {
        let size = 64
        let grey = [UInt8](repeating: 128, count: size * size * 3)
        let picture = try VipsImage(width: size, height: size, bands: 3, pixels: grey)
        let drawing = ImageBytes(copying: ImageTransformer.drawing.utf8)
        try warmUp(drawing, as: .svg)
        for (format, encoder) in ImageTransformer.codecs {
            let encoded = try picture.encoded(encoder)
            let copy = encoded.withUnsafeBytes { ImageBytes(copying: $0) }
            try warmUp(copy, as: format)
        }
    }

    private func warmUp(_ bytes: ImageBytes, as format: SourceFormat) throws(VipsError) {
        let picture = try VipsImage.load(bytes, as: format)
        _ = try picture.scaled(to: PixelSize(width: 16, height: 16)).inStandardColour().materialised()
    }

    private static let codecs: [(SourceFormat, Encoder)] = [
        (.jpeg, .jpeg(quality: 80)), (.png, .png), (.webp, .webp(quality: 80)), (.gif, .gif),
        (.avif, .avif(quality: 50, effort: 0)),
    ]

    private static let drawing = """
        <svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><text x="2" y="40" font-family="sans">Ag</text></svg>
        """
}
