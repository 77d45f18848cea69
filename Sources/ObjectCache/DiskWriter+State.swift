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
        let (failure, isInPlace) = write(next, "emptying the cache")
        // In place though not durable: it is what the next start reads, so segments from now on must be of its epoch.
        if isInPlace { state = next }
        for shard in core.shards { shard.index.withLock { $0.removeAll() } }
        core.space.placement.withLock { $0.emptied() }
        objectBound = ObjectBound()
        for number in core.files.withLock({ Array($0.keys) }) {
            // An erase that is under way goes on about what was filled before: nothing of it escapes with its segment. One that
            // will not go is counted, and of an epoch that no start takes in.
            guard destroyDue(in: number) == .done else {
                core.owe(number)
                continue
            }
            do throws(StoreFailure) { try unlink(number) } catch {}
        }
        if core.owed.withLock({ !$0.isEmpty }) { core.syncNames() }
        if core.lock.isInPlace { core.changes.unlink(IndexCheckpoint.path(in: core.configuration.folder)) }
        core.due.removeAll()
        if failure == nil { core.floor = .zero }
        return failure
    }

    /// The floor is durable before anybody sees it, so that no start can fall below it again.
    func raiseFloor(to floor: Revision) -> ObjectCacheError? {
        guard floor > state.floor else { return nil }
        var next = state
        next.floor = floor
        if let failure = write(next, "raising the floor to \(floor)").failure { return failure }
        state = next
        core.floor = floor
        return nil
    }

    private func write(_ state: CacheState, _ what: String) -> (failure: ObjectCacheError?, isInPlace: Bool) {
        var isInPlace = false
        do throws(SystemFailure) {
            let path = CacheState.path(in: core.configuration.folder)
            guard holdsFolder() else { throw SystemFailure("open", path, code: ENOENT) }
            let file = try AtomicFile(path, core.changes)
            defer { isInPlace = file.isInPlace }
            try file.write(state.bytes)
            try file.commit()
            return (nil, true)
        } catch {
            core.count { $0.writeFailures += 1 }
            return (.notDurable(what, error), isInPlace)
        }
    }

    /// - Returns: whether the checkpoint is in place, and durable.
    func writeCheckpoint() -> Bool {
        guard holdsFolder() else { return false }
        let start = MonotonicTime.now()
        do throws(SystemFailure) {
            let file = try AtomicFile(IndexCheckpoint.path(in: core.configuration.folder), core.changes)
            defer { if file.isInPlace { checkpointBytes = file.length } }
            try CheckpointWriter(core, epoch: state.epoch).write(to: file)
            try file.commit()
        } catch {
            core.count { $0.writeFailures += 1 }
            if error.isFull, !pause.isFailing { core.space.placement.withLock { $0.foundFull() } }
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
