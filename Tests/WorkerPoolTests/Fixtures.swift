import Glibc
import Testing
import Vips
@testable import WorkerPool

enum Fixtures {
    /// A noisy picture: encoders can take no short cut.
    static func photoBytes(width: Int = 320, height: Int = 240) throws -> [UInt8] {
        try VipsLibrary.start()
        var state: UInt32 = 1
        let pixels = (0..<width * height * 3).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(state >> 24)
        }
        let image = try VipsImage(width: width, height: height, bands: 3, pixels: pixels)
        return try image.encoded(.jpeg(quality: 90)).withUnsafeBytes { Array($0) }
    }

    static func photo(width: Int = 320, height: Int = 240) throws -> SourceImageBytes {
        try SourceImageBytes(try photoBytes(width: width, height: height))
    }

    /// A PNG that claims a size and ends.
    static func pngHeader(width: UInt32, height: UInt32) -> [UInt8] {
        var header = Array("IHDR".utf8)
        for value in [width, height] {
            withUnsafeBytes(of: value.bigEndian) { header.append(contentsOf: $0) }
        }
        header += [8, 2, 0, 0, 0]
        let end: [UInt8] = [0, 0, 0, 0] + Array("IEND".utf8) + [0xAE, 0x42, 0x60, 0x82]
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + header + crc32(header)
            + [0, 0, 0, 0] + Array("IDAT".utf8) + [0x35, 0xAF, 0x06, 0x1E] + end
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

    /// Beside this test's own executable, where the build puts it; `VIGNETTE_WORKER` names another.
    static func workerExecutable() throws -> String {
        if let given = getenv("VIGNETTE_WORKER") { return String(cString: given) }
        let own = link("/proc/self/exe")
        let places = ([own] + CommandLine.arguments).compactMap { path in
            path.lastIndex(of: "/").map { path[..<$0] + "/vignette-worker" }
        }
        return String(try #require(places.first { access(String($0), X_OK) == 0 }, "vignette-worker is not built"))
    }

    private static func link(_ path: String) -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func descriptors(of process: Int32) -> Int {
        guard let folder = opendir("/proc/\(process)/fd") else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return count - 2
    }

    /// Descriptors of this process that only pools have: SEQPACKET sockets and image memory. Other tests run beside these.
    static func poolDescriptors() -> Int {
        (0..<4096).count { (fd: Int32) in
            var type: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            if getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 {
                return type == Int32(SOCK_SEQPACKET.rawValue)
            }
            return link("/proc/self/fd/\(fd)").hasPrefix("/memfd:vignette-image")
        }
    }

    static func text(_ path: String) throws -> String {
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
            bytes += buffer.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Signature {
    init(bytes: [UInt8]) {
        self = bytes.withUnsafeBytes { Signature($0) }
    }
}
