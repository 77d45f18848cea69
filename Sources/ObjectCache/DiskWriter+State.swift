internal import CacheProtocol
internal import Glibc
internal import Synchronization

extension DiskWriter {
    /// Every object is forgotten, durably.
    func removeAll() -> ObjectCacheError? {
        // First: a fill that began before and commits after the index is empty must be recognised.
        core.generation.wrappingAdd(1, ordering: .sequentiallyConsistent)
        var next = state
        next.epoch += 1
        // It was about what is gone, and of a history that may be gone too: revisions may begin anew.
        next.floor = .zero
        let failure = write(next, "emptying the cache")
        if failure == nil { state = next }
        for shard in core.shards { shard.index.withLock { $0.removeAll() } }
        core.space.placement.withLock { $0.sealed() }
        // An erase that is under way goes on about what was filled before: nothing of it escapes with its segment.
        for number in core.files.withLock({ Array($0.keys) }) where destroyDue(in: number) { unlink(number) }
        core.changes.unlink(IndexCheckpoint.path(in: core.configuration.folder))
        core.due.removeAll()
        if failure == nil { core.floor = .zero }
        return failure
    }

    /// The floor is durable before anybody sees it, so that no start can fall below it again.
    func raiseFloor(to floor: Revision) -> ObjectCacheError? {
        guard floor > state.floor else { return nil }
        var next = state
        next.floor = floor
        if let failure = write(next, "raising the floor to \(floor)") { return failure }
        state = next
        core.floor = floor
        return nil
    }

    private func write(_ state: CacheState, _ what: String) -> ObjectCacheError? {
        do throws(SystemFailure) {
            try AtomicFile.replace(CacheState.path(in: core.configuration.folder), with: state.bytes, core.changes)
            return nil
        } catch {
            core.count { $0.writeFailures += 1 }
            return .notDurable(what, error)
        }
    }

    /// - Returns: whether the checkpoint is in place.
    func writeCheckpoint() -> Bool {
        let start = MonotonicTime.now()
        do throws(SystemFailure) {
            let file = try AtomicFile(IndexCheckpoint.path(in: core.configuration.folder), core.changes)
            try CheckpointWriter(core, epoch: state.epoch).write(to: file)
            try file.commit()
            checkpointBytes = file.length
        } catch {
            core.count { $0.writeFailures += 1 }
            core.incidents.note(.checkpointFailed, "\(error); the next start must scan all records")
            return false
        }
        core.count {
            $0.checkpoints += 1
            $0.bytesCheckpointed += checkpointBytes
            $0.lastCheckpointMilliseconds = MonotonicTime.now().milliseconds(since: start)
        }
        return true
    }
}
