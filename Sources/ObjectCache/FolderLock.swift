internal import Glibc
internal import Synchronization

/// One process per folder. The kernel lets the lock go when the process ends, however it ends.
final class FolderLock: Sendable {
    private let folder: String
    private let held: Mutex<CInt>

    init(_ folder: String) throws(ObjectCacheError) {
        self.folder = folder
        held = Mutex(try Self.take(folder))
    }

    static func path(in folder: String) -> String { folder + "/lock" }

    /// Its file, by which the file system can be asked; its folder may be gone.
    var descriptor: CInt { held.withLock { $0 } }

    /// Whether the file that is locked still lies in the folder of that name: if not, the folder was deleted, or another one
    /// is in its place.
    var isInPlace: Bool {
        var (ours, there) = (stat(), stat())
        guard fstat(descriptor, &ours) == 0, stat(Self.path(in: folder), &there) == 0 else { return false }
        return ours.st_ino == there.st_ino && ours.st_dev == there.st_dev
    }

    /// Whether the folder was deleted, and not only moved.
    var isDeleted: Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_nlink == 0
    }

    /// Locks a folder that was made anew.
    func retake() throws(ObjectCacheError) {
        let taken = try Self.take(folder)
        close(held.withLock { held in
            defer { held = taken }
            return held
        })
    }

    private static func take(_ folder: String) throws(ObjectCacheError) -> CInt {
        let path = path(in: folder)
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .folderUnusable(folder, SystemFailure("open", path)) }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            if code == EINTR { continue }
            let holder = holder(descriptor)
            close(descriptor)
            guard code == EWOULDBLOCK else { throw .folderUnusable(folder, SystemFailure("flock", path, code: code)) }
            throw .folderInUse(folder, by: holder)
        }
        // For the message above only: that the pid can't be written on a full disk is no reason not to start.
        _ = ftruncate(descriptor, 0)
        let pid = "\(getpid())\n"
        _ = pwrite(descriptor, pid, pid.utf8.count, 0)
        return descriptor
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
