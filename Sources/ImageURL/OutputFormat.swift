/// A format in which an answer can be sent; the raw values are the words of `f-`.
public enum OutputFormat: String, Hashable, Sendable, CaseIterable, Codable {
    case jpeg = "jpg"
    case png
    case webp
    case avif
    case gif
    case svg

    public var contentType: String {
        switch self {
        case .jpeg: "image/jpeg"
        case .png: "image/png"
        case .webp: "image/webp"
        case .avif: "image/avif"
        case .gif: "image/gif"
        case .svg: "image/svg+xml"
        }
    }

    /// The format of a `Content-Type` without parameters, in lower case.
    public init?(contentType: String) {
        guard let format = Self.allCases.first(where: { $0.contentType == contentType }) else { return nil }
        self = format
    }

    /// Pixels per side that the format can hold; nil where no image that passes our other limits can exceed it.
    public var largestSide: Int? {
        switch self {
        // libjpeg's own limit lies below the format's.
        case .jpeg: 65_500
        case .gif: 65_535
        case .webp: 16_383
        case .avif: 65_536
        case .png, .svg: nil
        }
    }

    public var holdsTransparency: Bool {
        self != .jpeg
    }
}
