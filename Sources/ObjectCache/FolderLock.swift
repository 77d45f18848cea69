internal import Glibc

/// One process per folder. The kernel lets the lock go when the process ends, however it ends.
final class FolderLock: Sendable {
    private let descriptor: CInt

    init(_ folder: String) throws(ObjectCacheError) {
        let path = folder + "/lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .folderUnusable(folder, SystemFailure("open", path)) }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            if code == EINTR { continue }
            let holder = Self.holder(descriptor)
            close(descriptor)
            guard code == EWOULDBLOCK else { throw .folderUnusable(folder, SystemFailure("flock", path, code: code)) }
            throw .folderInUse(folder, by: holder)
        }
        // For the message above only: that the pid can't be written on a full disk is no reason not to start.
        _ = ftruncate(descriptor, 0)
        let pid = "\(getpid())\n"
        _ = pwrite(descriptor, pid, pid.utf8.count, 0)
        self.descriptor = descriptor
    }

    private static func holder(_ descriptor: CInt) -> String {
        var text = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &text, text.count, 0)
        return String(decoding: text.prefix(max(0, count)).prefix { $0 > 0x20 }, as: UTF8.self)
    }

    /// Another process may have the folder now. Whoever calls this writes nothing to it any more.
    func release() {
        flock(descriptor, LOCK_UN)
    }

    deinit {
        close(descriptor)
    }
}
