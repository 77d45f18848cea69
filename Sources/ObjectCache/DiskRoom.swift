internal import Glibc

/// What the disk can hold of the cache, as far as is known: others may use it too, and it may be smaller than the limit.
struct DiskRoom: Hashable {
    /// What the cache has on it and what is free, by the file system's own count.
    var measured: Int?
    /// Less than what was in use when a write found it full though it counted otherwise: a quota, for one. Raised step by step.
    var foundFull: Int?
    /// That can still be made; nil where their number has no bound.
    var files: Int?

    /// For what the file system needs itself to note where the blocks lie.
    static let slack = 4 * 4096

    var holds: Int { min(measured ?? .max, foundFull ?? .max) }

    // One file is kept for a checkpoint or a state that replaces the old one, one for compaction to move to.
    var mayOpenToMove: Bool { files.map { $0 > 1 } ?? true }
    var mayOpenToAppend: Bool { files.map { $0 > 2 } ?? true }

    /// What the file system of an open file has left; nil when it doesn't say.
    static func free(on descriptor: CInt) -> (bytes: Int, files: Int?)? {
        var status = statvfs()
        guard fstatvfs(descriptor, &status) == 0, status.f_blocks > 0 else { return nil }
        let bytes = Int(clamping: status.f_bavail).multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
        let files = status.f_files > 0 ? Int(clamping: status.f_favail) : nil
        return (bytes.overflow ? 1 << 60 : min(bytes.partialValue, 1 << 60), files)
    }
}
