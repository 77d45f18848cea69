internal import Glibc
internal import NIOCore

/// One answer's own view of a descriptor that others use too. NIO's handle may be used once at a time and wants to own
/// its descriptor; so each answer has a handle of its own, and the descriptor is taken from it again before it goes.
struct FileView {
    private let handle: NIOFileHandle
    private let pin: any AnyObject & Sendable

    init(descriptor: CInt, pin: any AnyObject & Sendable) {
        handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: descriptor)
        self.pin = pin
    }

    func region(_ offset: Int, _ length: Int) -> FileRegion {
        FileRegion(fileHandle: handle, readerIndex: offset, endIndex: offset + length)
    }

    /// To be called once, when nothing is written from it any more.
    func end() {
        // Fails only for a handle that was ended before; the descriptor is the pin's either way.
        _ = try? handle.takeDescriptorOwnership()
        withExtendedLifetime(pin) {}
    }

    /// Whether the file has all of the region: sending from beyond its end would never come to an end.
    static func holds(_ descriptor: CInt, _ offset: Int, _ length: Int) -> Bool {
        var facts = stat()
        return fstat(descriptor, &facts) == 0 && Int(facts.st_size) >= offset + length
    }

    /// Nil if the file has less.
    static func read(_ descriptor: CInt, _ offset: Int, _ count: Int) -> ByteBuffer? {
        count == 0 ? ByteBuffer() : read(descriptor, offset, count, inPiecesOf: count, room: 0)?.first
    }

    /// By one call. The pieces lie in one storage, each behind its room.
    ///
    /// - Returns: Nil if the file has less.
    static func read(_ descriptor: CInt, _ offset: Int, _ count: Int, inPiecesOf size: Int, room: Int) -> [ByteBuffer]? {
        let pieces = (count + size - 1) / size
        var buffer = ByteBuffer()
        var isWhole = false
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count + pieces * room) { memory in
            isWhole = withUnsafeTemporaryAllocation(of: iovec.self, capacity: pieces) { parts in
                var done = 0
                while done < count {
                    var (place, used) = (done, 0)
                    while place < count {
                        let length = min(size - place % size, count - place)
                        let memory = memory.baseAddress?.advanced(by: place + (place / size + 1) * room)
                        parts.initializeElement(at: used, to: iovec(iov_base: memory, iov_len: length))
                        (place, used) = (place + length, used + 1)
                    }
                    let got = preadv(descriptor, parts.baseAddress, CInt(used), off_t(offset + done))
                    if got < 0, errno == EINTR { continue }
                    if got <= 0 { return false }
                    done += got
                }
                return true
            }
            return count + pieces * room
        }
        guard isWhole else { return nil }
        return (0..<pieces).compactMap { number in
            var piece = buffer.getSlice(at: number * (size + room), length: room + min(size, count - number * size))
            piece?.moveReaderIndex(forwardBy: room)
            return piece
        }
    }
}
