internal import CVips

/// The bytes of an encoded image, readable and unchanging for as long as this object lives.
///
/// libvips reads them where they are, also long after an image was opened, so every ``VipsImage`` keeps its own.
public final class ImageBytes {
    /// Valid only while this object is held on to.
    let bytes: UnsafeRawBufferPointer
    private let release: (UnsafeRawBufferPointer) -> Void

    /// Takes over memory that nobody writes to any more; `release` gives it back.
    public init(adopting bytes: UnsafeRawBufferPointer, release: @escaping (UnsafeRawBufferPointer) -> Void) {
        self.bytes = bytes
        self.release = release
    }

    public convenience init(copying bytes: some Collection<UInt8>) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
        copy.copyBytes(from: bytes)
        self.init(adopting: UnsafeRawBufferPointer(copy)) { $0.deallocate() }
    }

    deinit {
        release(bytes)
    }

    public var count: Int { bytes.count }

    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // The last use of `self` must not come before the body has read the memory.
        defer { withExtendedLifetime(self) {} }
        return try body(bytes)
    }
}

/// An encoded image as libvips made it; the memory is libvips' own.
public final class EncodedBytes {
    private let area: UnsafeMutablePointer<VipsArea>
    public private(set) var count: Int

    init(owned area: UnsafeMutablePointer<VipsArea>) {
        self.area = area
        count = area.pointee.length
    }

    deinit {
        vips_area_unref(area)
    }

    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafeRawBufferPointer(start: area.pointee.data, count: count))
    }

    /// Changes the bytes in place; the body returns how many of them remain.
    func edit(_ body: (UnsafeMutableRawBufferPointer) -> Int) {
        let bytes = UnsafeMutableRawBufferPointer(start: area.pointee.data, count: count)
        count = min(count, max(0, body(bytes)))
    }
}
