internal import Glibc
internal import Synchronization

/// Segments of which a start keeps nothing: of another epoch, with a damaged head, with a number that no cache comes to.
extension CacheCore {
    /// Unlinks it; but with erases outstanding its blocks may hold what they mean, and go back to the file system only after they
    /// were overwritten. The writer does that (`DiskWriter.retire`), to all of it: nothing in it is a record to anybody.
    /// - Parameter damaged: What to tell the operator.
    func drop(segment number: UInt32, damaged: String? = nil) {
        if let damaged {
            count { $0.corruptions += 1 }
            incidents.note(.corruptSegment, damaged)
        }
        if due.isEmpty, !isOwed(number) {
            changes.unlink(CacheFolder.segmentPath(configuration.folder, number))
            return
        }
        do throws(SystemFailure) {
            try keepForOverwriting(number)
        } catch {
            incidents.note(.readFailed, "\(error); an erase cannot be carried out while this file is there")
            unopened.withLock { _ = $0.insert(number) }
        }
    }

    /// Before a start gives numbers away again: a segment unlinked before a kill and back after a power cut would pass for
    /// newer than what was appended in between.
    func syncNames() {
        do throws(SystemFailure) {
            try changes.syncFolder(configuration.folder)
        } catch {
            count { $0.writeFailures += 1 }
            incidents.note(.writeFailed, "\(error); objects that were replaced may come back with a power cut")
        }
    }

    /// Before a walk, which must reach all that is there.
    func openDropped() throws(SystemFailure) {
        for number in unopened.withLock({ $0.sorted() }) {
            try keepForOverwriting(number)
            unopened.withLock { _ = $0.remove(number) }
        }
    }

    private func keepForOverwriting(_ number: UInt32) throws(SystemFailure) {
        let path = CacheFolder.segmentPath(configuration.folder, number)
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return }
            throw SystemFailure("open", path)
        }
        // A nonce that no record has, so that all but zeros counts as debris.
        var generator = SystemRandomNumberGenerator()
        let file = SegmentFile(
            number: number, nonce: generator.next(), path: path, owning: descriptor, ledger: space, lock: lock, changes: changes)
        let (length, allocated) = try file.status()
        files.withLock { $0[number] = file }
        space.placement.withLock {
            $0.recovered(number, length: max(length, SegmentHeader.size), allocated: allocated, live: 0)
        }
    }
}
