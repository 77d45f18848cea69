internal import CacheProtocol
internal import Synchronization

extension DiskWriter {
    /// Moves what is live in a sealed segment to the active one, and unlinks it.
    /// - Throws: the disk failed; what was not moved stays where it is.
    func compact(_ number: UInt32) throws(StoreFailure) {
        guard let file = core.file(number),
            let length = core.space.placement.withLock({ $0.segments[number]?.length })
        else { throw .failed }
        // Nothing that an erase means may be moved to where its walk does not come any more.
        guard try isClear(number) else { return }
        var scan = SegmentScan(file, from: SegmentHeader.size, to: length)
        var failure: SystemFailure?
        while let record = next(&scan, &failure) { try move(record, from: file, &failure) }
        if let failure {
            core.count { $0.readFailures += 1 }
            core.incidents.note(.readFailed, "\(failure); what lies in this segment is lost")
        }
        // Named by the checkpoint of before a kill.
        for gap in scan.gaps { _ = core.remove(gap.key, at: RecordLocation(segment: number, offset: gap.range.lowerBound)) }
        forgetWhatIsLeft(in: number, isDamaged: failure == nil)
        // Once more: moving takes its time, and an erase that came meanwhile means what has died here since.
        guard try isClear(number) else { return }
        try unlink(number)
        noteDiskRoom()
    }

    /// - Returns: false when the segment must stay for now.
    private func isClear(_ number: UInt32) throws(StoreFailure) -> Bool {
        switch destroyDue(in: number) {
        case .done: true
        case .putOff: false
        case .failed: throw .failed
        }
    }

    private func next(_ scan: inout SegmentScan, _ failure: inout SystemFailure?) -> SegmentScan.Record? {
        guard failure == nil else { return nil }
        do throws(SystemFailure) {
            return try scan.next()
        } catch {
            failure = error
            return nil
        }
    }

    /// - Throws: there is no place to move it to, or the disk failed.
    private func move(
        _ record: SegmentScan.Record, from file: SegmentFile, _ failure: inout SystemFailure?
    ) throws(StoreFailure) {
        let (key, source) = (record.head.key, RecordLocation(segment: file.number, offset: record.offset))
        let stamp: UInt64? = core.shard(key).index.withLock { index in
            guard let slot = index.find(key), index.entry(slot).pointee.location == source else { return nil }
            return index.entry(slot).pointee.stamp
        }
        guard let stamp else { return }
        let bytes: [UInt8]
        do throws(SystemFailure) {
            bytes = try file.read(record.head.extent, at: record.offset)
        } catch {
            failure = error
            return
        }
        var head = record.head
        guard head.fits(bytes) else { return noteDamage(key, at: source, in: file) }
        head.stamp = stamp
        try makeRoomForMove(head.extent)
        let metadata = Array(bytes[RecordHead.size..<head.bodyOffset])
        var result: Result<RecordLocation, StoreFailure> = .failure(.failed)
        bytes.withUnsafeBytes { bytes in
            let body = UnsafeRawBufferPointer(rebasing: bytes[head.bodyRange])
            do throws(StoreFailure) { result = .success(try append(head, metadata, body)) } catch { result = .failure(error) }
        }
        let target = try result.get()
        core.count {
            $0.recordsMoved += 1
            $0.bytesMoved += head.extent
        }
        redirect(key, from: source, to: target, extent: head.extent)
    }

    private func makeRoomForMove(_ extent: Int) throws(StoreFailure) {
        while true {
            switch core.space.placement.withLock({ $0.next(moving: extent) }) {
            case .append: return
            case .open: try openSegment()
            case .seal: core.space.placement.withLock { $0.sealed() }
            default: throw .noRoom
            }
        }
    }

    private func redirect(_ key: CacheKey, from source: RecordLocation, to target: RecordLocation, extent: Int) {
        let isMoved = core.shard(key).index.withLock { index in
            guard let slot = index.find(key), index.entry(slot).pointee.location == source else { return false }
            index.entry(slot).pointee.location = target
            index.entry(slot).pointee.isVerified = false
            index.entry(slot).pointee.isHandedOut = false
            // A record that knows the old file would keep its blocks from coming back.
            if case .file? = index.record(slot)?.content { index.dropFromMemory(slot) }
            return true
        }
        // What was moved may be being sent from its old place.
        core.died(DeadRecord(key: key, location: isMoved ? source : target, extent: extent, isHandedOut: isMoved))
    }

    private func noteDamage(_ key: CacheKey, at location: RecordLocation, in file: SegmentFile) {
        guard core.remove(key, at: location) else { return }
        core.count { $0.corruptions += 1 }
        core.incidents.note(.corruptRecord, "a record in \(file.path) at \(location.offset) is damaged and was dropped")
    }

    /// Objects whose heads the scan did not find, because they are damaged or can't be read: rare, so a walk over the index may
    /// find them.
    private func forgetWhatIsLeft(in number: UInt32, isDamaged: Bool) {
        guard let live = core.space.placement.withLock({ $0.segments[number]?.live }), live > 0 else { return }
        var count = 0
        for shard in core.shards {
            let dead = shard.index.withLock { index in
                index.removeAll { $0.location?.segment == number }
            }
            for record in dead { core.died(record) }
            count += dead.count
        }
        // None: a look-up or a store has taken them out of the index, and is about to tell the placement.
        guard isDamaged, count > 0 else { return }
        core.count { $0.corruptions += count }
        core.incidents.note(.corruptSegment, "segment \(number) has damaged heads; the records behind them were dropped")
    }
}
