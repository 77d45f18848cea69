internal import CVips

/// How a loader may hand out a smaller picture than the file holds, which costs far less than decoding it whole.
public enum LoadShrink: Sendable, Equatable {
    case none
    /// JPEG: 2, 4 or 8 to one, in the DCT.
    case factor(Int)
    /// WebP (0 to 1) and SVG (any): the factor of both sides.
    case scale(Double)
}

extension VipsImage {
    /// Opens an image: reads its header; the pixels follow as they are needed.
    ///
    /// Bytes that end early are an error as soon as a missing pixel is needed, never a picture with a grey bottom. Of an
    /// animation or a document it is the first frame or page.
    ///
    /// - Parameter inOrder: rows will be needed once and from the top (which keeps little in memory). Rotations, and
    ///   anything that reads pixels twice, need `false` or ``materialised()`` first.
    public static func load(
        _ bytes: ImageBytes, as format: SourceFormat, shrink: LoadShrink = .none, inOrder: Bool = true
    ) throws(VipsError) -> VipsImage {
        let operation = try Operation(format.loader)
        try operation.set("buffer", borrowing: bytes)
        try operation.set("access", Int((inOrder ? VIPS_ACCESS_SEQUENTIAL : VIPS_ACCESS_RANDOM).rawValue))
        try operation.set("fail-on", Int(VIPS_FAIL_ON_TRUNCATED.rawValue))
        switch shrink {
        case .none: break
        case .factor(let factor): try operation.set("shrink", factor)
        case .scale(let scale): try operation.set("scale", scale)
        }
        return try operation.image(keeping: bytes)
    }
}

extension SourceFormat {
    fileprivate var loader: String {
        switch self {
        case .jpeg: "jpegload_buffer"
        case .png: "pngload_buffer"
        case .gif: "gifload_buffer"
        case .webp: "webpload_buffer"
        case .avif, .heic: "heifload_buffer"
        case .tiff: "tiffload_buffer"
        case .svg: "svgload_buffer"
        }
    }
}
