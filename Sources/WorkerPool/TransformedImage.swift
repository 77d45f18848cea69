public import ImageURL
public import WorkerProtocol

/// A source image on its way to the workers, in sealed memory: copied once, however many transforms read it.
public struct SourceImageBytes: Sendable {
    let memory: SealedMemory

    public var count: Int { memory.count }

    /// - Throws: `.notAnImage` for no bytes at all, `.internalError` when the system has no memory or descriptors left.
    public init(_ bytes: [UInt8]) throws(TransformError) {
        guard !bytes.isEmpty else { throw .notAnImage }
        do {
            memory = try bytes.withUnsafeBytes { bytes throws(SystemError) in try SealedMemory(copying: bytes) }
        } catch {
            throw .internalError("\(error)")
        }
    }
}

/// An encoded variant.
public struct TransformedImage: Sendable {
    public let bytes: [UInt8]
    public let format: OutputFormat
    public let width: Int
    public let height: Int
    /// Of the source, as seen: after its orientation was applied.
    public let sourceWidth: Int
    public let sourceHeight: Int
    /// CPU time in the worker.
    public let cpuTime: Duration

    public var contentType: String { format.contentType }
}

extension OutputPolicy {
    /// - Parameter accept: the class that counts for the recipe, as `effectiveAccept` gives it.
    public init(accept: AcceptClass, defaultQuality: Int) {
        self.init(
            acceptsWebP: accept.contains(.webp), acceptsAVIF: accept.contains(.avif),
            defaultQuality: min(max(defaultQuality, 1), 100))
    }
}

extension OutputFormat {
    /// Whether bytes begin as this format must. A worker may have been taken over by the image it decoded; what it
    /// returns is sent as an image of this type or not at all.
    func matches(_ bytes: [UInt8]) -> Bool {
        func has(_ text: String, at offset: Int) -> Bool {
            bytes.dropFirst(offset).starts(with: text.utf8)
        }
        return switch self {
        case .jpeg: bytes.starts(with: [0xFF, 0xD8, 0xFF])
        case .png: bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        case .webp: has("RIFF", at: 0) && has("WEBP", at: 8)
        case .avif: has("ftypavif", at: 4)
        case .gif: has("GIF8", at: 0)
        // Never made here: a drawing can carry scripts.
        case .svg: false
        }
    }
}
