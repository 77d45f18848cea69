extension SourceFormat {
    /// Whether the bytes visibly end before the image does, by the format's own framing: its end marker is missing, or a
    /// length in it points past the end. Only to say more about an image that could not be decoded.
    public func endsEarly(_ bytes: UnsafeRawBufferPointer) -> Bool {
        switch self {
        case .jpeg: !ends(bytes, with: [0xFF, 0xD9])
        case .png: !ends(bytes, with: Array("IEND".utf8) + [0xAE, 0x42, 0x60, 0x82])
        case .gif: !ends(bytes, with: [0x3B])
        case .webp: bytes.count < 12 || 8 + littleEndian(bytes, at: 4) > bytes.count
        case .avif, .heic: boxesRunOut(bytes)
        case .tiff: false
        case .svg: !ends(bytes, with: Array(">".utf8))
        }
    }

    /// Zeros and white space behind the end are common and harmless.
    private func ends(_ bytes: UnsafeRawBufferPointer, with marker: [UInt8]) -> Bool {
        let padding: [UInt8] = [0, 0x0A, 0x0D, 0x20]
        guard let last = bytes.lastIndex(where: { !padding.contains($0) }) else { return false }
        return bytes[...last].suffix(marker.count).elementsEqual(marker)
    }

    private func littleEndian(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }

    /// ISO 14496-12 §4.2: boxes follow each other, each with its length first; 0 is "to the end", 1 a 64-bit length.
    private func boxesRunOut(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        while offset < bytes.count {
            guard bytes.count - offset >= 8 else { return true }
            var size = (0..<4).reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
            if size == 0 { return false }
            if size == 1 {
                guard bytes.count - offset >= 16 else { return true }
                let long = (8..<16).reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[offset + $1]) }
                guard long <= UInt64(bytes.count) else { return true }
                size = Int(long)
            }
            guard size >= 8 else { return false }
            guard size <= bytes.count - offset else { return true }
            offset += size
        }
        return false
    }
}
