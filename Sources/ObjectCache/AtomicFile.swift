internal import Glibc

/// A file that is replaced whole: at every instant the old one or the new one is there.
final class AtomicFile {
    private let path: String
    private let temporary: String
    private let changes: FileChanges
    private var descriptor: CInt
    private(set) var length = 0
    /// Whether it has taken the old one's place: so it may be though `commit` threw, because the folder would not be synced.
    private(set) var isInPlace = false

    /// - Parameter path: absolute. The new content gathers in `path`.new until `commit`.
    init(_ path: String, _ changes: FileChanges) throws(SystemFailure) {
        self.path = path
        self.changes = changes
        temporary = path + ".new"
        descriptor = changes.create(temporary, O_WRONLY | O_TRUNC)
        guard descriptor >= 0 else { throw SystemFailure("open", temporary) }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        // Not committed: it would count against the limit, and on a full disk stay for good.
        changes.unlink(temporary)
    }

    func write(_ bytes: [UInt8]) throws(SystemFailure) {
        var done = 0
        while done < bytes.count {
            let put = bytes.withUnsafeBytes {
                changes.write(descriptor, UnsafeRawBufferPointer(rebasing: $0[done...]), at: length + done)
            }
            if put < 0, errno == EINTR { continue }
            guard put > 0 else { throw SystemFailure("write", temporary) }
            done += put
        }
        length += done
    }

    /// When this returns, the new content is durable.
    func commit() throws(SystemFailure) {
        guard changes.sync(descriptor) == 0 else { throw SystemFailure("fsync", temporary) }
        guard changes.rename(temporary, to: path) == 0 else { throw SystemFailure("rename", temporary) }
        isInPlace = true
        close(descriptor)
        descriptor = -1
        try changes.syncFolder(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
    }

    static func replace(_ path: String, with bytes: [UInt8], _ changes: FileChanges) throws(SystemFailure) {
        let file = try AtomicFile(path, changes)
        try file.write(bytes)
        try file.commit()
    }
}

/// A file that is read from its start to its end.
final class InputFile {
    private let path: String
    private let descriptor: CInt

    /// Nil when there is none.
    init?(_ path: String) throws(SystemFailure) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw SystemFailure("open", path)
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    func length() throws(SystemFailure) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SystemFailure("fstat", path) }
        return Int(status.st_size)
    }

    func rewind() throws(SystemFailure) {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw SystemFailure("lseek", path) }
    }

    /// The next bytes; fewer than asked for only at the end.
    func read(_ count: Int) throws(SystemFailure) -> [UInt8] {
        var code: CInt = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = Glibc.read(descriptor, buffer.baseAddress?.advanced(by: filled), count - filled)
                if got < 0, errno == EINTR { continue }
                if got < 0 { code = errno }
                guard got > 0 else { return }
                filled += got
            }
        }
        guard code == 0 else { throw SystemFailure("read", path, code: code) }
        return bytes
    }
}
