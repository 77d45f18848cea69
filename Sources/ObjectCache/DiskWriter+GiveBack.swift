internal import Glibc
internal import Synchronization

extension DiskWriter {
    /// Gives the blocks of a dead record back to the file system, and leaves a gap in its place. Moving what is live around it
    /// would cost writes.
    /// - Throws: the disk failed.
    func giveBack(_ record: DeadRecord) throws(StoreFailure) {
        noteWhatIsDue()
        // It died before this look at what is due. What dies later may be what a later erase means.
        if core.space.placement.withLock({ placement in
            if placement.holdsBack { placement.offered(record) }
            return placement.holdsBack
        }) { return }
        guard let file = core.file(record.location.segment) else { return }
        do throws(SystemFailure) {
            let before = try file.status().allocated
            // First: a start must not take the record for a live one that is damaged.
            let gap = GapHead(nonce: file.nonce, key: record.key, extent: record.extent)
            let place = record.location.offset
            file.mayHoldUnsynced.store(true, ordering: .relaxed)
            try Self.write(gap.bytes, to: file, at: place)
            switch file.punch(place + GapHead.size..<place + record.extent) {
            case 0: break
            case -EOPNOTSUPP, -ENOSYS: return core.space.placement.withLock { $0.givesBack = false }
            case let code: throw SystemFailure("fallocate", file.path, code: -code)
            }
            let freed = before - (try file.status().allocated)
            core.space.placement.withLock { $0.punched(file.number, bytes: freed) }
            core.count { $0.bytesGivenBack += max(0, freed) }
        } catch {
            // A file system that needs new blocks to write over old ones: this record's come back with its segment.
            if error.isFull { return core.count { $0.writeFailures += 1 } }
            throw failure(of: error)
        }
    }

    /// While an erase is due, or a walk under way, nothing goes that it has not seen.
    func noteWhatIsDue() {
        let isDue = !core.due.isEmpty || walk != nil || !waitingWalks.isEmpty
        core.space.placement.withLock { $0.holdsBack = isDue }
    }
}
