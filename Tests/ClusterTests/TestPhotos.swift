import Vips

/// Photos that the tests make themselves. Each number gives another picture.
enum TestPhotos {
    private static let started: Void = {
        do { try VipsLibrary.start() } catch { preconditionFailure("libvips does not start: \(error)") }
    }()

    /// A JPEG of 640 × 865, the size of the reference's worked examples, in one colour that depends on `number`.
    static func jpeg(_ number: UInt8, width: Int = 640, height: Int = 865) throws -> [UInt8] {
        _ = started
        var pixels: [UInt8] = []
        pixels.reserveCapacity(width * height * 3)
        for y in 0..<height {
            for x in 0..<width {
                pixels += [number, UInt8(truncatingIfNeeded: x / 8), UInt8(truncatingIfNeeded: y / 8)]
            }
        }
        let image = try VipsImage(width: width, height: height, bands: 3, pixels: pixels)
        return try image.encoded(.jpeg(quality: 90)).withUnsafeBytes { Array($0) }
    }

    /// A JPEG of noise: no two have bytes of their data in common, nor have two variants of one.
    static func noise(_ seed: UInt64, width: Int = 320, height: Int = 240) throws -> [UInt8] {
        _ = started
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        let pixels = (0..<width * height * 3).map { _ in
            // Xorshift: the picture is the same in every run.
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state >> 32)
        }
        let image = try VipsImage(width: width, height: height, bands: 3, pixels: pixels)
        return try image.encoded(.jpeg(quality: 90)).withUnsafeBytes { Array($0) }
    }

    /// Width and height that a JPEG's frame header states.
    static func size(ofJPEG bytes: [UInt8]) -> (width: Int, height: Int)? {
        var index = 2
        while index + 9 < bytes.count, bytes[index] == 0xFF {
            let marker = bytes[index + 1]
            if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) {
                let height = Int(bytes[index + 5]) << 8 | Int(bytes[index + 6])
                let width = Int(bytes[index + 7]) << 8 | Int(bytes[index + 8])
                return (width, height)
            }
            index += 2 + (Int(bytes[index + 2]) << 8 | Int(bytes[index + 3]))
        }
        return nil
    }
}
