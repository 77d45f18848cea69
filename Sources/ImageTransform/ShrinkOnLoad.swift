internal import ImageURL
internal import Vips

/// How much of the shrinking the decoder does, which costs a fraction of decoding all pixels.
enum ShrinkOnLoad {
    /// How many times larger than wanted a shrunk JPEG must still be: the rest is for the better filter. At 1.5 even a
    /// photo full of leaves differs from one decoded whole by less than its own encoding at q 80 adds (39 dB against 37 in
    /// the worst case, 50 in most); at 1.25 no longer, and 2 costs up to a quarter more time.
    static let jpegSlack = 1.5
    /// The same for WebP.
    static let webpSlack = 2.0

    /// - Parameters:
    ///   - source: the size in the file.
    ///   - target: the size wanted, in the file's orientation.
    static func choice(for format: SourceFormat, from source: PixelSize, to target: PixelSize) -> LoadShrink {
        // The side that shrinks less decides; the other is stretched by the resize that follows.
        let horizontal = Double(target.width) / Double(source.width)
        let vertical = Double(target.height) / Double(source.height)
        let scale = max(horizontal, vertical)
        switch format {
        case .jpeg:
            let factor = [8, 4, 2].first { Double($0) * scale * jpegSlack <= 1 }
            return factor.map(LoadShrink.factor) ?? .none
        case .webp:
            return scale * webpSlack < 1 ? .scale(scale * webpSlack) : .none
        case .svg:
            // Drawn at the size wanted, larger or smaller: lines stay sharp.
            return scale == 1 ? .none : .scale(scale)
        case .png, .gif, .avif, .heic, .tiff:
            return .none
        }
    }
}
