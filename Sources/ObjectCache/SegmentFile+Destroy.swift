internal import CFile
internal import Glibc
internal import Synchronization

extension SegmentFile {
    private static let zeros = [UInt8](repeating: 0, count: 256 << 10)
    private static let blockBytes = 4096

    /// Overwrites the ranges with zeros, durably, then gives the blocks inside them back.
    ///
    /// Zeros reach the disk first: a block that is only given back keeps its bytes until somebody else writes to it. Whoever has
    /// no more for it to overwrite says so by `noteSure`.
    /// - Throws: the disk failed, and `unsure` has the ranges.
    func destroy(_ ranges: [Range<Int>]) throws(SystemFailure) {
        do throws(SystemFailure) {
            for range in ranges { try zero(range) }
            try sync()
            var isPunched = false
            for range in ranges { isPunched = punchBlocks(range) || isPunched }
            if isPunched { try sync() }
        } catch {
            unsure.withLock { $0 += ranges }
            throw error
        }
    }

    /// What a walk sees here is durable when this returns.
    /// - Parameter unclaimed: all that lies outside of records: gaps, zeros and what else a walk would not name.
    /// - Returns: what must be overwritten again, because a sync has failed over it. No longer in `unsure`.
    /// - Throws: the sync failed, and `unsure` has what is unclaimed.
    func settle(_ unclaimed: [Range<Int>]) throws(SystemFailure) -> [Range<Int>] {
        if mayHoldUnsynced.load(ordering: .relaxed) {
            do throws(SystemFailure) {
                try sync()
            } catch {
                unsure.withLock { $0 += unclaimed }
                throw error
            }
        }
        // Nobody knows where it failed.
        let again = isSuspect.exchange(false, ordering: .relaxed) ? unclaimed : []
        let ranges = unsure.withLock { unsure in
            defer { unsure = [] }
            return unsure + again
        }
        if ranges.isEmpty { noteSure() }
        return ranges
    }

    /// Drops what a crash has torn, durably: should it come back with the next one, it lay over what was appended since, and no
    /// erase would have seen it.
    func cut(_ tail: Range<Int>, isOverwritten: Bool) throws(SystemFailure) {
        if isOverwritten { try destroy([tail]) }
        try truncate(to: tail.lowerBound)
        try sync()
        noteSure()
    }

    private func zero(_ range: Range<Int>) throws(SystemFailure) {
        mayHoldUnsynced.store(true, ordering: .relaxed)
        var offset = range.lowerBound
        while offset < range.upperBound {
            let count = min(Self.zeros.count, range.upperBound - offset)
            var failure: SystemFailure?
            Self.zeros.withUnsafeBytes { zeros in
                do throws(SystemFailure) {
                    try write(UnsafeRawBufferPointer(rebasing: zeros[..<count]), at: offset)
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
            offset += count
        }
    }

    /// - Returns: whether anything was given back. That a file system can't is no failure: the zeros are there.
    private func punchBlocks(_ range: Range<Int>) -> Bool {
        let start = (range.lowerBound + Self.blockBytes - 1) & ~(Self.blockBytes - 1)
        let end = range.upperBound & ~(Self.blockBytes - 1)
        return start < end && punch(start..<end) == 0
    }

    /// The range reads as zeros from now on, and the whole blocks inside it are given back.
    /// - Returns: 0, or a negated errno.
    func punch(_ range: Range<Int>) -> CInt {
        mayHoldUnsynced.store(true, ordering: .relaxed)
        return changes.punch(descriptor, range)
    }

    private func sync() throws(SystemFailure) {
        if mayHoldUnsynced.load(ordering: .relaxed) { try noteUnsure() }
        while changes.syncData(descriptor) != 0 {
            if errno != EINTR { throw SystemFailure("fdatasync", path) }
        }
        mayHoldUnsynced.store(false, ordering: .relaxed)
    }

    func status() throws(SystemFailure) -> (length: Int, allocated: Int) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SystemFailure("fstat", path) }
        return (Int(status.st_size), Int(status.st_blocks) * 512)
    }

    /// The first place from `offset` on that may hold anything but zeros; `end` when there is none before it. A file system
    /// that keeps no holes says `offset`.
    func dataStart(from offset: Int, to end: Int) -> Int {
        // Moves the descriptor's own offset, by which nobody reads or writes.
        let found = vignette_file_next_data(descriptor, off_t(offset))
        if found < 0 { return found == -off_t(ENXIO) ? end : offset }
        return min(max(offset, Int(found) & ~(RecordFormat.alignment - 1)), end)
    }
}
