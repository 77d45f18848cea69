internal import CacheProtocol
internal import Glibc
internal import Synchronization

extension DiskWriter {
    private static let tidyingSteps = 256

    /// Carries out what the placement asks for until the active segment has room for a record of `extent` bytes.
    /// - Throws: there can be none, or the disk failed.
    func makeRoom(_ extent: Int) throws(StoreFailure) {
        noteDiskRoom()
        noteWhatIsDue()
        while true {
            switch core.space.placement.withLock({ $0.next(appending: extent) }) {
            case .append: return
            case .open: try openSegment()
            case .seal: core.space.placement.withLock { $0.sealed() }
            case .evict: if !evict() { throw .noRoom }
            case .compact(let number): try compact(number)
            case .abandon(let number): abandon(number)
            case .unlink(let number): try retire(number)
            case .giveBack(let record): try giveBack(record)
            case .refuse:
                core.incidents.note(.noRoom, "no room for a record of \(extent) bytes; it was served and not stored")
                throw .noRoom
            }
        }
    }

    /// Gives back what purges, sweeps and evictions have left dead, so much of it that nobody waits long for the writer.
    /// - Returns: whether there may be more.
    func tidy() -> Bool {
        guard pause.isOver(at: .now()) else { return false }
        noteDiskRoom()
        noteWhatIsDue()
        for _ in 0..<Self.tidyingSteps {
            guard let action = core.space.placement.withLock({ $0.tidying() }) else { return false }
            do throws(StoreFailure) {
                switch action {
                case .giveBack(let record): try giveBack(record)
                case .seal: core.space.placement.withLock { $0.sealed() }
                case .compact(let number): try compact(number)
                case .unlink(let number): try retire(number)
                default: return false
                }
            } catch {
                // The next record meets it too, and waits it out.
                return false
            }
        }
        return true
    }

    func noteDiskRoom() {
        let objects = objectBound.next { core.shards.reduce(0) { sum, shard in sum + shard.index.withLock { $0.count } } }
        let free = DiskRoom.free(on: core.lock.descriptor)
        let (limit, allowance, mayOpen) = core.space.placement.withLock { placement in
            let size = IndexCheckpoint.size(entries: objects, segments: placement.segments.count + 1)
            let inPlace = CacheFolder.blocks(checkpointBytes)
            placement.indexBlocks = CacheFolder.blocks(size) + inPlace
            if let free { placement.measured(free, checkpoint: inPlace) }
            return (placement.limit, placement.allowance, placement.disk.mayOpenToAppend)
        }
        if limit == allowance, mayOpen { return }
        let (folder, files) = (core.configuration.folder, mayOpen ? "" : " and takes no more files")
        core.incidents.note(
            .diskFull, "the disk holds \(limit) bytes of the cache in \(folder)\(files), which may be \(allowance) bytes; "
                + "older objects give way")
    }

    /// After a start with a lower limit.
    func fitToLimit() {
        noteDiskRoom()
        guard core.space.placement.withLock({ $0.used > $0.limit }) else { return }
        // What fails here fails the first record too, and is counted there.
        do throws(StoreFailure) { try makeRoom(RecordHead.size) } catch {}
    }

    func openSegment() throws(StoreFailure) {
        guard holdsFolder() else { throw .failed }
        let number = nextNumber
        let path = CacheFolder.segmentPath(core.configuration.folder, number)
        let descriptor = core.changes.create(path, O_RDWR | O_EXCL)
        do throws(SystemFailure) {
            // Whatever comes of it, the number is used up: a later record must have a greater one.
            nextNumber += 1
            guard descriptor >= 0 else { throw SystemFailure("open", path) }
            var generator = SystemRandomNumberGenerator()
            let nonce: UInt64 = generator.next()
            let file = SegmentFile(
                number: number, nonce: nonce, path: path, owning: descriptor, isNew: true, ledger: core.space,
                lock: core.lock, changes: core.changes)
            let header = SegmentHeader(number: number, nonce: nonce, epoch: state.epoch).bytes
            try Self.write(header, to: file, at: 0)
            core.files.withLock { $0[number] = file }
            core.space.placement.withLock { $0.opened(number) }
        } catch {
            if descriptor >= 0 { core.changes.unlink(path) }
            throw failure(of: error)
        }
    }

    /// Forgets what is live in a segment.
    private func abandon(_ number: UInt32) {
        var count = 0
        for shard in core.shards {
            let dead = shard.index.withLock { index in index.removeAll { $0.location?.segment == number } }
            for record in dead { core.died(record) }
            count += dead.count
        }
        core.count {
            $0.evictions += count
            $0.evictionsOutOfOrder += count
        }
        // The next try must not ask for it again.
        if count == 0 { core.space.placement.withLock { $0.keptInPlace(number) } }
    }

    /// Unlinks a segment in which nothing is live.
    private func retire(_ number: UInt32) throws(StoreFailure) {
        guard destroyDue(in: number) == .done else { return }
        try unlink(number)
        noteDiskRoom()
    }

    /// - Throws: the disk takes nothing. If it is this file alone that will not go, others may.
    func unlink(_ number: UInt32) throws(StoreFailure) {
        if holdsFolder() {
            let path = CacheFolder.segmentPath(core.configuration.folder, number)
            guard core.changes.unlink(path) == 0 || errno == ENOENT else {
                core.count { $0.writeFailures += 1 }
                core.incidents.note(.writeFailed, "\(SystemFailure("unlink", path)); its space stays taken")
                core.space.placement.withLock { $0.keptInPlace(number) }
                if folderTakesFiles() { return }
                throw .failed
            }
            core.changes.unlink(CacheFolder.unsurePath(of: path))
        } else if !core.lock.isDeleted {
            // The folder was moved: the file has its name still, where we can't reach it.
            core.space.placement.withLock { $0.keptInPlace(number) }
            throw .failed
        }
        core.space.placement.withLock { $0.unlinked(number) }
        // Out of the locks, because the last reference reports to the placement.
        let file = core.files.withLock { $0.removeValue(forKey: number) }
        core.nameless.withLock { nameless in
            nameless = nameless.filter { $0.value.file != nil }
            nameless[number] = WeakSegment(file: file)
        }
        withExtendedLifetime(file) {}
    }
}

/// No fewer objects than a checkpoint would name, without asking all shards for each record.
struct ObjectBound {
    /// So many times in a row no shard is asked: at the end the bound is too high by so many at the most, less than a block of
    /// the checkpoint.
    static let rest = 64

    private var counted = 0
    private var calls = 0

    /// To be asked before each record is written: only that puts another object on the disk.
    /// - Parameter count: of all that there are, those included that wait to be written.
    mutating func next(_ count: () -> Int) -> Int {
        if calls == 0 { counted = count() }
        defer { calls = (calls + 1) % Self.rest }
        return counted + calls
    }
}
