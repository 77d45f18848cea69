internal import Glibc
internal import Synchronization

/// The start: which segments there are.
extension Recovery {
    func savedState() throws(SystemFailure) -> CacheState? {
        guard let file = try InputFile(CacheState.path(in: folder)) else { return nil }
        if let state = CacheState(try file.read(4096)) { return state }
        core.count { $0.corruptions += 1 }
        core.incidents.note(.corruptState, "\(CacheState.path(in: folder)) is damaged, so the cache starts empty")
        return nil
    }

    /// Takes the segment in, or removes it: of another epoch, damaged at its head, or with nothing to say how old its
    /// objects may be.
    /// - Throws: the process may open no more files, which is no reason to drop any.
    mutating func open(_ number: UInt32, isLast: Bool, unlessUnknown isKnown: Bool) throws(SystemFailure) {
        let path = CacheFolder.segmentPath(folder, number)
        guard number <= CacheFolder.greatestNumber else {
            return core.drop(segment: number, damaged: "\(path) has a number that no cache comes to, and was dropped")
        }
        greatestNumber = max(greatestNumber, number)
        let descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == EMFILE || errno == ENFILE { throw SystemFailure("open", path) }
            core.count { $0.readFailures += 1 }
            core.incidents.note(.readFailed, "\(SystemFailure("open", path)); the segment was dropped")
            return core.drop(segment: number)
        }
        var head = [UInt8](repeating: 0, count: SegmentHeader.size)
        let got = pread(descriptor, &head, head.count, 0)
        var status = stat()
        let header = head.withUnsafeBytes { SegmentHeader($0) }
        if let header, !isKnown { state.epoch = max(state.epoch, header.epoch + 1) }
        guard isKnown, got == head.count, let header, header.number == number, header.epoch == state.epoch,
            fstat(descriptor, &status) == 0
        else {
            var damaged: String?
            if got < 0 {
                core.count { $0.readFailures += 1 }
                core.incidents.note(.readFailed, "\(SystemFailure("pread", path)); the segment was dropped")
                // The last one without a whole head: a kill as it was begun.
            } else if isKnown, !(isLast && got < head.count), header?.number != number {
                damaged = "\(path) has a damaged head and was dropped"
            }
            close(descriptor)
            return core.drop(segment: number, damaged: damaged)
        }
        let file = SegmentFile(
            number: number, nonce: header.nonce, path: path, owning: descriptor, ledger: core.space,
            lock: core.lock, changes: core.changes)
        core.files.withLock { $0[number] = file }
        found.append(Found(file: file, length: Int(status.st_size), allocated: Int(status.st_blocks) * 512))
    }
}
