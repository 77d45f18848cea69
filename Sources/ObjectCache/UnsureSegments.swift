internal import Glibc
internal import Synchronization

/// Segments that a sync has failed over, or may have: beside each lies an empty file of its number while the sync runs, and
/// until what it was about is overwritten once more. A process that is killed in between leaves it to the next one, to which the
/// zeros that the kernel has dropped read as zeros too.
///
/// It need not be durable: after a power cut, reads show what the disk has.
extension SegmentFile {
    /// Where the disk is full to its last inode, the erase goes on without: it takes a failed sync, a kill and a power cut, one
    /// after the other, to miss it.
    func noteUnsure() throws(SystemFailure) {
        // Else another cache's segment of this number lies there.
        guard lock?.isInPlace ?? true else { return }
        let path = CacheFolder.unsurePath(of: path)
        let descriptor = changes.create(path, O_WRONLY)
        if descriptor >= 0 {
            close(descriptor)
            return
        }
        let failure = SystemFailure("open", path)
        if !failure.isFull { throw failure }
    }

    /// To be called when nothing is left to be overwritten here.
    func noteSure() {
        guard !isSuspect.load(ordering: .relaxed), unsure.withLock({ $0.isEmpty }), lock?.isInPlace ?? true else { return }
        changes.unlink(CacheFolder.unsurePath(of: path))
    }
}
