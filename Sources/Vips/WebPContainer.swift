/// The chunks of a WebP file (RFC 9649 §2.7).
enum WebPContainer {
    /// Cuts off an EXIF chunk at the end and takes its flag out of the header. libvips 8.14 writes one of 186 bytes, without
    /// any use, even when told to strip everything: a third of a small thumbnail.
    ///
    /// - Returns: how many bytes remain.
    static func withoutTrailingEXIF(_ bytes: UnsafeMutableRawBufferPointer) -> Int {
        let file = UnsafeRawBufferPointer(bytes)
        var offset = 12
        while offset + 8 <= file.count {
            let size = Int(file.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self).littleEndian)
            // Chunks are padded to an even length.
            let next = offset + 8 + size + size % 2
            guard next <= file.count else { break }
            if next == file.count, has("EXIF", at: offset, in: file), has("VP8X", at: 12, in: file) {
                bytes.storeBytes(of: UInt32(offset - 8).littleEndian, toByteOffset: 4, as: UInt32.self)
                bytes[20] &= ~exifFlag
                return offset
            }
            offset = next
        }
        return file.count
    }

    private static let exifFlag: UInt8 = 0x08

    private static func has(_ name: String, at offset: Int, in file: UnsafeRawBufferPointer) -> Bool {
        file[offset..<min(offset + 4, file.count)].elementsEqual(name.utf8)
    }
}
