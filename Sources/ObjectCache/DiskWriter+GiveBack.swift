internal import Synchronization

extension DiskWriter {
    /// Gives the blocks of a dead record back to the file system, and leaves a gap in its place. Moving what is live around it
    /// would cost writes.
    func giveBack(_ record: DeadRecord) {
        guard !core.pins.holds(record), let file = core.file(record.location.segment) else { return }
        do throws(SystemFailure) {
            let before = try file.status().allocated
            // First: a start must not take the record for a live one that is damaged.
            let gap = GapHead(nonce: file.nonce, key: record.key, extent: record.extent)
            let place = record.location.offset
            try Self.write(gap.bytes, to: file, at: place)
            guard file.punch(place + GapHead.size..<place + record.extent) else {
                return core.space.placement.withLock { $0.givesBack = false }
            }
            let freed = before - (try file.status().allocated)
            core.space.placement.withLock { $0.punched(file.number, bytes: freed) }
            core.count { $0.bytesGivenBack += max(0, freed) }
        } catch {
            core.count { $0.writeFailures += 1 }
            core.incidents.note(.writeFailed, "\(error); a dead record keeps its blocks until its segment goes")
        }
    }

    /// While an erase is due nothing goes that its walk has not seen.
    func noteWhatIsDue() {
        let isDue = !core.due.isEmpty
        core.space.placement.withLock { $0.holdsBack = isDue }
    }
}
