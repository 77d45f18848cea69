internal import CFile
internal import Glibc

/// What the cache does to a file or to the folder's names.
enum FileChange: Sendable {
    /// A new, empty file, or an old one made empty.
    case create(String, file: UInt64)
    case write([UInt8], at: Int, file: UInt64)
    case truncate(to: Int, file: UInt64)
    /// Zeros from here on, and whole blocks given back.
    case punch(Range<Int>, file: UInt64)
    /// Content and length are durable.
    case sync(file: UInt64)
    /// Only where a test makes it fail.
    case syncFailed(file: UInt64)
    case rename(String, to: String)
    case unlink(String)
    /// Which names there are is durable.
    case syncFolder
}

/// The one door through which the cache changes files and names, so that a test can tell what a power cut would leave of
/// them: each change is told when its call has returned, in that order, and files go by their inodes. Nobody listens in
/// production, where this costs a comparison.
///
/// Not through it: the file `lock`, whose content means nothing, and the folder itself.
struct FileChanges: Sendable {
    var listener: (@Sendable (FileChange) -> Void)?
    /// Called before something is read from a segment: where a test lets the writer overtake a lookup.
    var beforeRead: (@Sendable () -> Void)?
    /// Called before a segment is synced: an error number other than 0 comes in place of the sync.
    var beforeSync: (@Sendable () -> CInt)?

    /// `open`, for a file that may be made by it.
    func create(_ path: String, _ flags: CInt) -> CInt {
        let descriptor = open(path, flags | O_CREAT | O_CLOEXEC, 0o644)
        if let listener, descriptor >= 0 { listener(.create(path, file: inode(descriptor))) }
        return descriptor
    }

    func write(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
        let put = pwrite(descriptor, bytes.baseAddress, bytes.count, off_t(offset))
        if let listener, put > 0 {
            listener(.write(Array(bytes[..<put]), at: offset, file: inode(descriptor)))
        }
        return put
    }

    func truncate(_ descriptor: CInt, to length: Int) -> CInt {
        let result = ftruncate(descriptor, off_t(length))
        if let listener, result == 0 { listener(.truncate(to: length, file: inode(descriptor))) }
        return result
    }

    /// - Returns: 0, or a negated errno.
    func punch(_ descriptor: CInt, _ range: Range<Int>) -> CInt {
        let result = vignette_file_punch(descriptor, off_t(range.lowerBound), off_t(range.count))
        if let listener, result == 0 { listener(.punch(range, file: inode(descriptor))) }
        return result
    }

    func sync(_ descriptor: CInt) -> CInt {
        let result = fsync(descriptor)
        if let listener, result == 0 { listener(.sync(file: inode(descriptor))) }
        return result
    }

    /// Without the times, which nobody asks for.
    func syncData(_ descriptor: CInt) -> CInt {
        if let code = beforeSync?(), code != 0 {
            listener?(.syncFailed(file: inode(descriptor)))
            errno = code
            return -1
        }
        let result = fdatasync(descriptor)
        if let listener, result == 0 { listener(.sync(file: inode(descriptor))) }
        return result
    }

    func rename(_ old: String, to new: String) -> CInt {
        let result = Glibc.rename(old, new)
        if let listener, result == 0 { listener(.rename(old, to: new)) }
        return result
    }

    @discardableResult
    func unlink(_ path: String) -> CInt {
        let result = Glibc.unlink(path)
        if let listener, result == 0 { listener(.unlink(path)) }
        return result
    }

    /// Which names there are is durable when this returns.
    func syncFolder(_ folder: String) throws(SystemFailure) {
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw SystemFailure("open", folder) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw SystemFailure("fsync", folder) }
        listener?(.syncFolder)
    }

    private func inode(_ descriptor: CInt) -> UInt64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? UInt64(status.st_ino) : 0
    }
}
