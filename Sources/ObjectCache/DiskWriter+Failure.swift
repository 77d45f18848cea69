internal import CacheProtocol
internal import Glibc
internal import Synchronization

/// Why a record is not on the disk.
enum StoreFailure: Error {
    /// None could be made, or the record is too long.
    case noRoom
    /// The disk holds less than it was believed to. The placement knows that now, so a second try makes room first.
    case full
    case failed
}

extension DiskWriter {
    /// Counts and tells a write that failed.
    func failure(of failure: SystemFailure) -> StoreFailure {
        core.count { $0.writeFailures += 1 }
        guard failure.isFull else {
            core.incidents.note(.writeFailed, "\(failure); objects are served and not stored until the disk takes them again")
            return .failed
        }
        let isFailing = pause.isFailing
        let limit = core.space.placement.withLock { placement in
            // Where giving way does not help, no more gives way before a write has gone well.
            if !isFailing { placement.foundFull() }
            return placement.limit
        }
        core.incidents.note(.diskFull, "\(failure); the cache keeps to \(limit) bytes for now, and older objects give way")
        return .full
    }

    /// Whether a file can be made and written, so that nothing gives way in vain on a disk that takes nothing. A full one does.
    func folderTakesFiles() -> Bool {
        guard holdsFolder() else { return false }
        do throws(SystemFailure) {
            let probe = try AtomicFile(core.configuration.folder + "/probe", core.changes)
            try probe.write([0])
            return true
        } catch {
            return error.isFull
        }
    }

    // MARK: The folder

    /// Whether what lies under the folder's name is ours to write to and to unlink. A folder that was deleted is made anew, for
    /// what comes: what was in it is served until it gives way, and its blocks count until then. One that somebody else
    /// put in its place is left alone, and a place from which it was moved is left empty.
    func holdsFolder() -> Bool {
        if core.lock.isInPlace { return true }
        let folder = core.configuration.folder
        // What is appended from now on would not be found by a start.
        core.space.placement.withLock { $0.sealed() }
        // Moved, it may come back, and its files count until then; a new one in its place would be in the way.
        guard core.lock.isDeleted else { return isLost(folder) }
        do {
            try CacheFolder.make(folder)
            guard try CacheFolder.names(in: folder).isEmpty else { return isLost(folder) }
            try core.lock.retake()
            try beginAnew(in: folder)
        } catch {
            core.count { $0.writeFailures += 1 }
            core.incidents.note(.folderLost, "\(folder) is gone and can't be made anew, so nothing is stored: \(error)")
            return false
        }
        core.incidents.note(
            .folderLost, "\(folder) was deleted, and has been made anew; a restart finds only what comes from now on")
        return true
    }

    private func isLost(_ folder: String) -> Bool {
        core.count { $0.writeFailures += 1 }
        core.incidents.note(
            .folderLost, "\(folder) is another folder than at the start, or was moved; nothing is stored as long as that is so")
        return false
    }

    private func beginAnew(in folder: String) throws(SystemFailure) {
        checkpointBytes = 0
        do throws(SystemFailure) {
            try AtomicFile.replace(CacheState.path(in: folder), with: state.bytes, core.changes)
        } catch {
            // Without a state nothing in it would be believed. Empty again, it is made anew the next time.
            core.changes.unlink(CacheState.path(in: folder))
            Glibc.unlink(FolderLock.path(in: folder))
            throw error
        }
    }
}
