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

    /// A PNG of noise, which no encoder makes small: caches must work for their room. The pixels depend on
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
        return PNGFile.bytes(width: width, height: height, colours: .rgb, rows: rows)
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
}
