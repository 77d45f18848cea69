internal import Glibc

/// A small file that is read and replaced as a whole.
enum WholeFile {
    /// Nil when there is no such file.
    static func read(_ path: String) throws(SystemFailure) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw SystemFailure(path)
        }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        guard size >= 0 else { throw SystemFailure(path) }
        var isWhole = true
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
            while count < buffer.count {
                let got = pread(descriptor, buffer.baseAddress! + count, buffer.count - count, off_t(count))
                if got <= 0 { break }
                count += got
            }
            isWhole = count == Int(size)
        }
        guard isWhole else { throw SystemFailure(path) }
        return bytes
    }

    /// Durable when it returns; a crash before leaves the old bytes.
    static func replace(_ path: String, with bytes: [UInt8]) throws(SystemFailure) {
        let temporary = path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemFailure(temporary) }
        defer { close(descriptor) }
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        guard write(bytes, to: descriptor, at: 0), fsync(descriptor) == 0, rename(temporary, path) == 0,
            FolderSync.sync(folder)
        else { throw SystemFailure(path) }
    }

    static func write(_ bytes: [UInt8], to descriptor: CInt, at offset: off_t) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                let count = pwrite(
                    descriptor, buffer.baseAddress! + written, buffer.count - written, offset + off_t(written))
                if count <= 0 { return false }
                written += count
            }
            return true
        }
    }
}

/// A call to the system that failed, by the path and the system's words.
struct SystemFailure: Error, CustomStringConvertible {
    let description: String

    init(_ path: String) {
        description = "\(path): \(String(cString: strerror(errno)))"
    }
}
