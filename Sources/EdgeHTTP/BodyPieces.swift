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
    /// What is worth one read.
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

    /// Frees what was read ahead and not asked for.
    mutating func forgetAhead() {
        ahead = ByteBuffer()
    }

    /// - Parameter ahead: How much will be asked for before `forgetAhead`, this one included.
    /// - Returns: Nil where a file has become shorter than it was.
    mutating func next(_ most: Int, readingAhead ahead: Int) -> ByteBuffer? {
        let range = left.prefix(most)
        left.removeFirst(range.count)
        switch source {
        case .memory(let slice):
            return slice.withUnsafeBytes { ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: $0[range.startIndex..<range.endIndex])) }
        case .file(let descriptor, let offset, _):
            if self.ahead.readableBytes < range.count {
                let length = min(max(ahead, range.count), left.upperBound - range.startIndex)
                guard let read = FileView.read(descriptor, offset + range.startIndex, length) else { return nil }
                self.ahead = read
            }
            return self.ahead.readSlice(length: range.count)
        case .bytes(let bytes):
            return bytes.getSlice(at: bytes.readerIndex + range.startIndex, length: range.count)
        }
    }
}
