/// A picture whose size tells its version: what comes back through any transformation that keeps the size can be read
/// without decoding a pixel.
enum VersionedPicture {
    /// Versions 0..<versions have sizes of their own.
    static let versions = 64 * 1_000
    private static let smallest = 24

    static func size(of version: Int) -> (width: Int, height: Int) {
        (smallest + version % 64, smallest + version / 64)
    }

    static func version(width: Int, height: Int) -> Int? {
        guard (smallest..<smallest + 64).contains(width), (smallest..<smallest + versions / 64).contains(height) else {
            return nil
        }
        return (height - smallest) * 64 + width - smallest
    }

    /// A PNG (RFC 2083) of noise, which no encoder makes small: caches must work for their room. The pixels depend on
    /// `seed` and the version.
    static func png(version: Int, seed: UInt64) -> [UInt8] {
        let (width, height) = size(of: version)
        let draws = SeededDraws(seed: seed)
        var rows: [UInt8] = []
        rows.reserveCapacity(height * (width * 3 + 1))
        for y in 0..<height {
            rows.append(0)
            for x in 0..<width {
                let bits = draws.bits(at: version &* 1_000_003 &+ y &* 4_096 &+ x, stream: 0)
                rows += [UInt8(truncatingIfNeeded: bits), UInt8(truncatingIfNeeded: bits >> 8), UInt8(truncatingIfNeeded: bits >> 16)]
            }
        }
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
            + chunk("IHDR", big(UInt32(width)) + big(UInt32(height)) + [8, 2, 0, 0, 0])
            + chunk("IDAT", stored(rows)) + chunk("IEND", [])
    }

    /// The version that an answer shows: the size in the header of a PNG or a JPEG. Nil for anything else.
    static func version(of image: [UInt8]) -> Int? {
        if image.starts(with: [0x89, 0x50, 0x4E, 0x47]), image.count >= 33, image.suffix(8).starts(with: Array("IEND".utf8)) {
            return version(width: number(image, 16, 4), height: number(image, 20, 4))
        }
        guard image.starts(with: [0xFF, 0xD8]), image.suffix(2).elementsEqual([0xFF, 0xD9]) else { return nil }
        var index = 2
        while index + 9 < image.count, image[index] == 0xFF {
            let marker = image[index + 1]
            if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) {
                return version(width: number(image, index + 7, 2), height: number(image, index + 5, 2))
            }
            index += 2 + number(image, index + 2, 2)
        }
        return nil
    }

    private static func number(_ bytes: [UInt8], _ start: Int, _ count: Int) -> Int {
        bytes[start..<start + count].reduce(0) { $0 << 8 | Int($1) }
    }

    private static func big(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
        let checked = Array(type.utf8) + content
        return big(UInt32(content.count)) + checked + big(crc32(checked))
    }

    /// A zlib stream (RFC 1950) of stored blocks (RFC 1951 §3.2.4): noise does not compress anyway.
    private static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        var start = 0
        repeat {
            let end = min(start + 65_535, bytes.count)
            let length = UInt16(end - start)
            stream += [end == bytes.count ? 1 : 0]
            stream += [length, ~length].flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
            stream += bytes[start..<end]
            start = end
        } while start < bytes.count
        var (low, high): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return stream + big(high << 16 | low)
    }

    private static let crcTable: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { crcTable[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
    }
}
