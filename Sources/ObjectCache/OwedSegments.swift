internal import Glibc
internal import Synchronization

/// Segments that emptying the cache had to leave, with something in them that an erase meant: no walk will come for it any more,
/// so they are overwritten whole before they go. Beside each lies an empty file of its number, for a start to know it too.
extension CacheCore {
    /// - Returns: the numbers that the folder names.
    static func owed(among names: [String]) -> Set<UInt32> {
        Set(names.compactMap { CacheFolder.number(in: $0, behind: "owed-") })
    }

    func isOwed(_ number: UInt32) -> Bool {
        owed.withLock { $0.contains(number) }
    }

    /// Durable with the folder's names.
    func owe(_ number: UInt32) {
        owed.withLock { _ = $0.insert(number) }
        let path = CacheFolder.owedPath(configuration.folder, number)
        let descriptor = changes.create(path, O_WRONLY)
        if descriptor >= 0 {
            close(descriptor)
            return
        }
        count { $0.writeFailures += 1 }
        incidents.note(.writeFailed, "\(SystemFailure("open", path)); a start would not overwrite that segment before it goes")
    }

    /// It is overwritten, durably; or it is not there.
    func settle(owed number: UInt32) {
        owed.withLock { _ = $0.remove(number) }
        changes.unlink(CacheFolder.owedPath(configuration.folder, number))
    }
}
