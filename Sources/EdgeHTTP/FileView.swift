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
        var buffer = ByteBuffer()
        while buffer.readableBytes < count {
            let (missing, place) = (count - buffer.readableBytes, offset + buffer.readableBytes)
            let got = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: missing) {
                max(0, pread(descriptor, $0.baseAddress, missing, off_t(place)))
            }
            if got == 0 { return nil }
        }
        return buffer
    }
}
