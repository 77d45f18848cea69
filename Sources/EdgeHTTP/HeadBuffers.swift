internal import NIOCore

/// Buffers of heads that have left are used again, the first of them first: fresh ones would cost two allocations for each
/// answer, and those that lay idle would not be in the processor's caches.
struct HeadBuffers {
    private var buffers: [ByteBuffer] = []
    private var next = 0
    /// More than leave together: connections that were given theirs otherwise don't say so.
    private static let most = 32

    /// - Parameter write: Gets room for `capacity` bytes and returns how many it wrote.
    mutating func fill(capacity: Int, _ write: (UnsafeMutableRawBufferPointer) -> Int) -> ByteBuffer {
        if next == Self.most { next = 0 }
        if next == buffers.count { buffers.append(ByteBuffer()) }
        defer { next += 1 }
        // A new one where the channel still holds the old.
        buffers[next].clear(minimumCapacity: capacity)
        buffers[next].writeWithUnsafeMutableBytes(minimumWritableBytes: capacity, write)
        return buffers[next]
    }

    /// To be called when what waited has been given to the sockets.
    mutating func rewind() {
        next = 0
    }
}
