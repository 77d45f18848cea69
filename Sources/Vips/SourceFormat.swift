/// The kinds of image that are read. Which one it is says the first bytes, never a name or a content type.
public enum SourceFormat: String, Sendable, CaseIterable {
    case jpeg, png, gif, webp, avif, heic, tiff, svg
}

/// What the first bytes of a file say it is.
public enum Signature: Equatable, Sendable {
    case image(SourceFormat)
    /// A known kind of file that is not read; the name is for people, such as `a PDF document`.
    case other(String)
    case unknown
}

extension Signature {
    /// Tells the format by its signature (JPEG: ITU T.81 B.1; PNG: ISO 15948 §5.2; WebP: RFC 9649; HEIF and AVIF: the
    /// brands of ISO 14496-12's file type box; TIFF 6.0 §2), SVG by its root element.
    public init(_ bytes: UnsafeRawBufferPointer) {
        self = Signature.binary(bytes) ?? Signature.text(bytes)
    }

    private static func binary(_ bytes: UnsafeRawBufferPointer) -> Signature? {
        for (prefix, signature) in prefixes where starts(bytes, with: prefix) {
            return signature
        }
        if starts(bytes, with: Array("RIFF".utf8)) {
            return starts(bytes.dropping(8), with: Array("WEBP".utf8)) ? .image(.webp) : .other("a RIFF file")
        }
        if starts(bytes.dropping(4), with: Array("ftyp".utf8)) {
            return fileType(bytes)
        }
        return nil
    }

    private static let prefixes: [([UInt8], Signature)] = [
        ([0xFF, 0xD8, 0xFF], .image(.jpeg)),
        ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], .image(.png)),
        (Array("GIF87a".utf8), .image(.gif)),
        (Array("GIF89a".utf8), .image(.gif)),
        ([0x49, 0x49, 0x2A, 0x00], .image(.tiff)),
        ([0x4D, 0x4D, 0x00, 0x2A], .image(.tiff)),
        (Array("%PDF".utf8), .other("a PDF document")),
        (Array("%!PS".utf8), .other("a PostScript document")),
        (Array("8BPS".utf8), .other("a Photoshop document")),
        (Array("BM".utf8), .other("a BMP image")),
        ([0x00, 0x00, 0x01, 0x00], .other("an icon file")),
        ([0xFF, 0x0A], .other("a JPEG XL image")),
        ([0x00, 0x00, 0x00, 0x0C, 0x4A, 0x58, 0x4C, 0x20], .other("a JPEG XL image")),
        ([0x00, 0x00, 0x00, 0x0C, 0x6A, 0x50, 0x20, 0x20], .other("a JPEG 2000 image")),
        ([0x50, 0x4B, 0x03, 0x04], .other("a ZIP archive")),
        ([0x1F, 0x8B], .other("a gzip file")),
        ([0x1A, 0x45, 0xDF, 0xA3], .other("a Matroska or WebM video")),
    ]

    private static let avifBrands: Set<String> = ["avif", "avis"]
    private static let heicBrands: Set<String> = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"]

    private static func fileType(_ bytes: UnsafeRawBufferPointer) -> Signature {
        let size = bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        let box = bytes.prefix(min(size, 256))
        // The major brand, its version, then the compatible brands.
        var brands: Set<String> = []
        for offset in stride(from: 8, through: box.count - 4, by: 4) where offset != 12 {
            brands.insert(String(decoding: box[offset..<offset + 4], as: UTF8.self))
        }
        if !brands.isDisjoint(with: avifBrands) { return .image(.avif) }
        if !brands.isDisjoint(with: heicBrands) { return .image(.heic) }
        return .other("an MP4 or QuickTime file")
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> Signature {
        var scanner = MarkupScanner(bytes)
        switch scanner.rootElement()?.lowercased() {
        case "svg", "svg:svg": return .image(.svg)
        case "html", "head", "body", "!doctype html": return .other("an HTML page")
        case .some where scanner.sawDeclaration: return .other("an XML document")
        default: return .unknown
        }
    }

    private static func starts(_ bytes: UnsafeRawBufferPointer, with prefix: [UInt8]) -> Bool {
        bytes.starts(with: prefix)
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func dropping(_ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: dropFirst(count))
    }
}
