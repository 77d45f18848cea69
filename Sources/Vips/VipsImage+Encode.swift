internal import CVips

/// An encoder and its settings. Ranges are the caller's duty to keep: libvips ignores a value outside them.
public enum Encoder: Sendable, Equatable {
    /// `quality` 1 to 100. Baseline, with Huffman tables made for the image.
    case jpeg(quality: Int)
    case png
    /// `quality` 1 to 100.
    case webp(quality: Int)
    /// `quality` 1 to 100; always 8 bits.
    case avif(quality: Int, effort: Int)
    case gif
}

extension VipsImage {
    /// Encodes the picture without any metadata. Expects 8 bits in sRGB or grey, and no alpha for JPEG.
    public func encoded(_ encoder: Encoder) throws(VipsError) -> EncodedBytes {
        let operation = try Operation(encoder.saver)
        try operation.set("in", self)
        try operation.set("strip", true)
        switch encoder {
        case .jpeg(let quality):
            try operation.set("Q", quality)
            try operation.set("optimize-coding", true)
        case .png:
            try operation.set("filter", Int(VIPS_FOREIGN_PNG_FILTER_SUB.rawValue))
        case .webp(let quality):
            try operation.set("Q", quality)
        case .avif(let quality, let effort):
            try operation.set("Q", quality)
            try operation.set("effort", effort)
            try operation.set("compression", Int(VIPS_FOREIGN_HEIF_COMPRESSION_AV1.rawValue))
            try operation.set("bitdepth", 8)
        case .gif:
            break
        }
        let bytes = try operation.bytes()
        if case .webp = encoder {
            bytes.edit(WebPContainer.withoutTrailingEXIF)
        }
        return bytes
    }
}

extension Encoder {
    fileprivate var saver: String {
        switch self {
        case .jpeg: "jpegsave_buffer"
        case .png: "pngsave_buffer"
        case .webp: "webpsave_buffer"
        case .avif: "heifsave_buffer"
        case .gif: "gifsave_buffer"
        }
    }
}
