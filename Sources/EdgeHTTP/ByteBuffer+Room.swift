internal import NIOCore

/// Room in front of a buffer's bytes, for what a later stage puts there: it would else copy all of them to have both in one piece.
extension ByteBuffer {
    init(_ bytes: UnsafeRawBufferPointer, room: Int) {
        self.init()
        reserveCapacity(room + bytes.count)
        moveWriterIndex(to: room)
        moveReaderIndex(to: room)
        writeBytes(bytes)
    }

    /// Whether it was made with that much room, where all bodies are: of one that was read from since, more lies in front, and is
    /// somebody's; what is no body begins at its storage's start.
    func hasRoom(of count: Int) -> Bool { readerIndex == count }

    /// Whoever shares the storage does not see it, because nobody reads in front of what was made readable; so it is written to
    /// where it lies, though it is shared: by those who wrote the buffer and are still waiting for that call to return.
    mutating func prepend(inRoom head: ByteBuffer) {
        let start = readerIndex - head.readableBytes
        precondition(start >= 0)
        withVeryUnsafeBytes { storage in
            head.withUnsafeReadableBytes {
                UnsafeMutableRawBufferPointer(mutating: UnsafeRawBufferPointer(rebasing: storage[start...])).copyMemory(from: $0)
            }
        }
        moveReaderIndex(to: start)
    }
}
