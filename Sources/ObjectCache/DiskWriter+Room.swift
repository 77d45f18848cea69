internal import CacheProtocol
internal import Glibc
internal import Synchronization

extension DiskWriter {
    private static let tidyingSteps = 256

    /// Carries out what the placement asks for until the active segment has room for a record of `extent` bytes.
    /// - Returns: false when there can be none, or the disk failed.
    func makeRoom(_ extent: Int) -> Bool {
        noteIndexBlocks()
        noteWhatIsDue()
        while true {
            switch core.space.placement.withLock({ $0.next(appending: extent) }) {
            case .append: return true
            case .open: if !openSegment() { return false }
            case .seal: core.space.placement.withLock { $0.sealed() }
            case .evict: evict()
            case .compact(let number): if !compact(number) { return false }
            case .unlink(let number): retire(number)
            case .giveBack(let record): giveBack(record)
            case .refuse:
                core.incidents.note(.noRoom, "no room for a record of \(extent) bytes; it was served and not stored")
                return false
            }
        }
    }

    /// Gives back what purges, sweeps and evictions have left dead, so much of it that nobody waits long for the writer.
    /// - Returns: whether there may be more.
    func tidy() -> Bool {
        noteIndexBlocks()
        noteWhatIsDue()
        for _ in 0..<Self.tidyingSteps {
            guard let action = core.space.placement.withLock({ $0.tidying() }) else { return false }
            switch action {
            case .giveBack(let record): giveBack(record)
            case .seal: core.space.placement.withLock { $0.sealed() }
            case .compact(let number): if !compact(number) { return false }
            case .unlink(let number): retire(number)
            default: return false
            }
        }
        return true
    }

    private func noteIndexBlocks() {
        let objects = core.shards.reduce(0) { sum, shard in sum + shard.index.withLock { $0.count } }
        core.space.placement.withLock { placement in
            let size = IndexCheckpoint.size(entries: objects, segments: placement.segments.count + 1)
            placement.indexBlocks = CacheFolder.blocks(size) + CacheFolder.blocks(checkpointBytes)
        }
    }

    /// After a start with a lower limit.
    func fitToLimit() {
        noteIndexBlocks()
        if core.space.placement.withLock({ $0.used > $0.limit }) { _ = makeRoom(RecordHead.size) }
    }

    func openSegment() -> Bool {
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
                number: number, nonce: nonce, path: path, owning: descriptor, ledger: core.space, changes: core.changes)
            let header = SegmentHeader(number: number, nonce: nonce, epoch: state.epoch).bytes
            try Self.write(header, to: file, at: 0)
            core.files.withLock { $0[number] = file }
            core.space.placement.withLock { $0.opened(number) }
            return true
        } catch {
            if descriptor >= 0 { core.changes.unlink(path) }
            core.count { $0.writeFailures += 1 }
            core.incidents.note(.writeFailed, "\(error); the object was served and not stored")
            return false
        }
    }

    /// Unlinks a segment in which nothing is live.
    private func retire(_ number: UInt32) {
        if destroyDue(in: number) { unlink(number) }
    }

    func unlink(_ number: UInt32) {
        let path = CacheFolder.segmentPath(core.configuration.folder, number)
        guard core.changes.unlink(path) == 0 || errno == ENOENT else {
            core.count { $0.writeFailures += 1 }
            core.incidents.note(.writeFailed, "\(SystemFailure("unlink", path)); its space stays taken")
            return core.space.placement.withLock { $0.keptInPlace(number) }
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
