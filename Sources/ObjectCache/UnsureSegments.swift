internal import Glibc
internal import Synchronization

/// Segments that a sync has failed over, or may have: beside each lies an empty file of its number while the sync runs, and
/// until what it was about is overwritten once more. A process that is killed in between leaves it to the next one, to which the
/// zeros that the kernel has dropped read as zeros too.
///
/// It need not be durable: after a power cut, reads show what the disk has. Where it can't be made, because the disk is full to
/// its last inode, the erase goes on without: it takes a failed sync, a kill and a power cut, one after the other, to miss it.
extension SegmentFile {
    func noteUnsure() {
        let descriptor = changes.create(CacheFolder.unsurePath(of: path), O_WRONLY)
        if descriptor >= 0 { close(descriptor) }
    }

    func noteSure() {
        guard !isSuspect.load(ordering: .relaxed), unsure.withLock({ $0.isEmpty }) else { return }
        changes.unlink(CacheFolder.unsurePath(of: path))
    }
}
