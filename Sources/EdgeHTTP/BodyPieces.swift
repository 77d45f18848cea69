internal import NIOCore

/// What is still to be sent of a body, copied piece by piece: for connections that encrypt what they send, which can use
/// neither `sendfile` nor the bytes where they lie.
struct BodyPieces {
    private enum Source {
        case memory(BodySlice)
        case file(descriptor: CInt, offset: Int, pin: any AnyObject & Sendable)
        case bytes(ByteBuffer)
    }

    private let source: Source
    /// Of a file: what was read with the piece before.
    private var ahead = ByteBuffer()
    static let readBytes = 128 * 1024
    private var left: Range<Int>

    init(_ body: OutgoingBody) {
        left = 0..<body.length
        switch body {
        case .none: source = .bytes(ByteBuffer())
        case .memory(let slice): source = .memory(slice)
        case .file(let descriptor, let offset, _, let pin): source = .file(descriptor: descriptor, offset: offset, pin: pin)
        case .parts(let bytes): source = .bytes(bytes)
        }
    }

    var count: Int { left.count }
    var isEmpty: Bool { left.isEmpty }

    /// Frees what was read with the piece before, which is read again.
    mutating func forgetAhead() {
        ahead = ByteBuffer()
    }

    /// - Returns: Nil where a file has become shorter than it was.
    mutating func next(_ most: Int) -> ByteBuffer? {
        let range = left.prefix(most)
        left.removeFirst(range.count)
        switch source {
        case .memory(let slice):
            return slice.withUnsafeBytes { ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: $0[range.startIndex..<range.endIndex])) }
        case .file(let descriptor, let offset, _):
            if ahead.readableBytes < range.count {
                // What is left of the last one is read again: less than a piece.
                let length = min(max(Self.readBytes, range.count), left.upperBound - range.startIndex)
                guard let read = FileView.read(descriptor, offset + range.startIndex, length) else { return nil }
                ahead = read
            }
            return ahead.readSlice(length: range.count)
        case .bytes(let bytes):
            return bytes.getSlice(at: bytes.readerIndex + range.startIndex, length: range.count)
        }
    }
}
