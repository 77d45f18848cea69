import var CVips.VIPS_INTERPRETATION_B_W
import var CVips.VIPS_INTERPRETATION_GREY16
import var CVips.VIPS_INTERPRETATION_RGB16
import func CVips.vips_image_set_int
import Testing
@testable import Vips

/// Pictures that the tests make themselves.
enum TestImages {
    typealias Colour = [UInt8]
    static let red: Colour = [220, 30, 30]
    static let green: Colour = [30, 200, 40]
    static let blue: Colour = [40, 60, 210]
    static let white: Colour = [245, 245, 245]

    /// Seen upright: red top left, green top right, blue bottom left, white bottom right.
    static func quarters(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> Colour {
        switch (x < width / 2, y < height / 2) {
        case (true, true): red
        case (false, true): green
        case (true, false): blue
        case (false, false): white
        }
    }

    static func image(
        width: Int, height: Int, _ colour: (_ x: Int, _ y: Int) -> Colour
    ) throws -> VipsImage {
        try VipsLibrary.start()
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                pixels += colour(x, y)
            }
        }
        return try VipsImage(width: width, height: height, bands: colour(0, 0).count, pixels: pixels)
    }

    static func quarters(width: Int = 640, height: Int = 480) throws -> VipsImage {
        try image(width: width, height: height) { quarters($0, $1, width, height) }
    }

    /// Neighbouring pixels of a scene with soft and hard edges, so that files have a natural size.
    static func scene(width: Int = 640, height: Int = 865) throws -> VipsImage {
        try image(width: width, height: height) { x, y in
            let wave = (x * x / 97 + y * 5) % 256
            return [UInt8(wave), UInt8((x * 3 + y) % 256), (x / 40 + y / 40) % 2 == 0 ? 200 : 60]
        }
    }

    static func jpeg(_ image: VipsImage) throws -> ImageBytes { try save(image, "jpegsave_buffer") { try $0.set("Q", 95) } }
    static func png(_ image: VipsImage) throws -> ImageBytes { try save(image, "pngsave_buffer") }

    static func encoded(_ image: VipsImage, _ encoder: Encoder) throws -> ImageBytes {
        try image.encoded(encoder).withUnsafeBytes { ImageBytes(copying: $0) }
    }

    /// Saved with all its metadata.
    static func save(
        _ image: VipsImage, _ saver: String, _ configure: (borrowing Operation) throws -> Void = { _ in }
    ) throws -> ImageBytes {
        let operation = try Operation(saver)
        try operation.set("in", image)
        try configure(operation)
        return try operation.bytes().withUnsafeBytes { ImageBytes(copying: $0) }
    }

    /// The quarters as a camera held some other way stores them (EXIF 2.32, tag 0x0112: where row 0 and column 0 are seen).
    static func quarters(orientation: Int, width: Int = 640, height: Int = 480) throws -> ImageBytes {
        let isTurned = orientation >= 5
        let stored = try image(width: isTurned ? height : width, height: isTurned ? width : height) { x, y in
            let (right, bottom) = (width - 1, height - 1)
            let seen = switch orientation {
            case 2: (right - x, y)
            case 3: (right - x, bottom - y)
            case 4: (x, bottom - y)
            case 5: (y, x)
            case 6: (right - y, x)
            case 7: (right - y, bottom - x)
            case 8: (y, bottom - x)
            default: (x, y)
            }
            return quarters(seen.0, seen.1, width, height)
        }
        vips_image_set_int(stored.pointer, "orientation", Int32(orientation))
        return try jpeg(stored)
    }

    /// The picture's colours written in the numbers of another profile, which is embedded.
    static func converted(_ image: VipsImage, to profile: String, depth: Int = 8) throws -> VipsImage {
        try image.applying("icc_transform") { operation throws(VipsError) in
            try operation.set("output-profile", profile)
            try operation.set("input-profile", "srgb")
            try operation.set("depth", depth)
        }
    }

    static func in16Bits(_ image: VipsImage) throws -> VipsImage {
        let space = image.bands < 3 ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_RGB16
        return try image.applying("colourspace") { operation throws(VipsError) in
            try operation.set("space", Int(space.rawValue))
        }
    }

    static func greyscale(_ image: VipsImage) throws -> VipsImage {
        try image.applying("colourspace") { operation throws(VipsError) in
            try operation.set("space", Int(VIPS_INTERPRETATION_B_W.rawValue))
        }
    }

    /// A PNG that claims a size and ends.
    static func pngHeader(width: UInt32, height: UInt32) -> ImageBytes {
        var header = Array("IHDR".utf8)
        for value in [width, height] {
            withUnsafeBytes(of: value.bigEndian) { header.append(contentsOf: $0) }
        }
        header += [8, 2, 0, 0, 0]
        let data = [0, 0, 0, 0] + Array("IDAT".utf8) + [0x35, 0xAF, 0x06, 0x1E]
        let end = [0, 0, 0, 0] + Array("IEND".utf8) + [0xAE, 0x42, 0x60, 0x82]
        return ImageBytes(
            copying: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + header + crc32(header) + data + end)
    }

    private static func crc32(_ bytes: [UInt8]) -> [UInt8] {
        var crc: UInt32 = ~0
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 {
                crc = crc & 1 == 1 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1
            }
        }
        return withUnsafeBytes(of: (~crc).bigEndian) { Array($0) }
    }

    /// A JPEG whose frame header claims another size (ITU T.81 B.2.2).
    static func jpegClaiming(width: UInt16, height: UInt16) throws -> ImageBytes {
        var bytes = try jpeg(quarters(width: 64, height: 64)).array
        let frame = try #require((0..<bytes.count - 8).first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
        bytes[frame + 5] = UInt8(height >> 8)
        bytes[frame + 6] = UInt8(height & 0xFF)
        bytes[frame + 7] = UInt8(width >> 8)
        bytes[frame + 8] = UInt8(width & 0xFF)
        return ImageBytes(copying: bytes)
    }

    /// A GIF of some frames of one size, in each of which only the first pixel is there (GIF89a §18 to 22).
    static func gif(width: UInt16, height: UInt16, frames: Int) -> ImageBytes {
        func little(_ value: UInt16) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8)] }
        var bytes = Array("GIF89a".utf8) + little(width) + little(height) + [0x80, 0, 0, 255, 0, 0, 0, 0, 255]
        for _ in 0..<frames {
            bytes += [0x21, 0xF9, 4, 0, 10, 0, 0, 0]
            bytes += [0x2C, 0, 0, 0, 0] + little(width) + little(height) + [0, 2, 2, 0x44, 0x01, 0]
        }
        return ImageBytes(copying: bytes + [0x3B])
    }

    static func svg(_ text: String) -> ImageBytes { ImageBytes(copying: text.utf8) }
}

extension ImageBytes {
    var array: [UInt8] { withUnsafeBytes { Array($0) } }
}
