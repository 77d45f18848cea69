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

    /// The next bytes, all but the last piece of the same length. Of a file they are read by one call.
    ///
    /// - Parameters:
    ///   - most: How many in all.
    ///   - room: What is left free in front of each piece; see `ByteBuffer.prepend(inRoom:)`.
    /// - Returns: Nil where a file has become shorter than it was.
    mutating func take(_ most: Int, inPiecesOf size: Int, room: Int) -> [ByteBuffer]? {
        let range = left.prefix(most)
        left.removeFirst(range.count)
        if case .file(let descriptor, let offset, _) = source {
            return FileView.read(descriptor, offset + range.startIndex, range.count, inPiecesOf: size, room: room)
        }
        return stride(from: range.startIndex, to: range.endIndex, by: size).map {
            piece($0..<min($0 + size, range.endIndex), room: room)
        }
    }

    private func piece(_ range: Range<Int>, room: Int) -> ByteBuffer {
        switch source {
        case .memory(let slice):
            slice.withUnsafeBytes { ByteBuffer(UnsafeRawBufferPointer(rebasing: $0[range]), room: room) }
        case .bytes(let bytes):
            bytes.withUnsafeReadableBytes { ByteBuffer(UnsafeRawBufferPointer(rebasing: $0[range]), room: room) }
        case .file:
            ByteBuffer()
        }
    }
}
