internal import CacheProtocol
internal import Synchronization

extension DiskWriter {
    /// Moves what is live in a sealed segment to the active one, and unlinks it.
    /// - Returns: false when the disk failed; what was not moved stays where it is.
    func compact(_ number: UInt32) -> Bool {
        guard let file = core.file(number),
            let length = core.space.placement.withLock({ $0.segments[number]?.length })
        else { return false }
        // Nothing that an erase means may be moved to where its walk does not come any more.
        guard destroyDue(in: number) else { return false }
        var scan = SegmentScan(file, from: SegmentHeader.size, to: length)
        do throws(SystemFailure) {
            while let record = try scan.next() {
                guard try move(record, from: file) else { return false }
            }
        } catch {
            core.count { $0.readFailures += 1 }
            core.incidents.note(.readFailed, "\(error); what lies in this segment is lost")
        }
        // Named by the checkpoint of before a kill.
        for gap in scan.gaps { _ = core.remove(gap.key, at: RecordLocation(segment: number, offset: gap.offset)) }
        forgetWhatIsLeft(in: number)
        unlink(number)
        return true
    }

    /// - Returns: false when there is no place to move it to.
    private func move(_ record: SegmentScan.Record, from file: SegmentFile) throws(SystemFailure) -> Bool {
        let (key, source) = (record.head.key, RecordLocation(segment: file.number, offset: record.offset))
        let stamp: UInt64? = core.shard(key).index.withLock { index in
            guard let slot = index.find(key), index.entry(slot).pointee.location == source else { return nil }
            return index.entry(slot).pointee.stamp
        }
        guard let stamp else { return true }
        let bytes = try file.read(record.head.extent, at: record.offset)
        var head = record.head
        guard head.fits(bytes) else {
            noteDamage(key, at: source, in: file)
            return true
        }
        head.stamp = stamp
        guard makeRoomForMove(head.extent) else { return false }
        let metadata = Array(bytes[RecordHead.size..<head.bodyOffset])
        let target = bytes.withUnsafeBytes { bytes in
            append(head, metadata, UnsafeRawBufferPointer(rebasing: bytes[head.bodyRange]))
        }
        guard let target else { return false }
        core.count {
            $0.recordsMoved += 1
            $0.bytesMoved += head.extent
        }
        redirect(key, from: source, to: target, extent: head.extent)
        return true
    }

    private func makeRoomForMove(_ extent: Int) -> Bool {
        while true {
            switch core.space.placement.withLock({ $0.next(moving: extent) }) {
            case .append: return true
            case .open: if !openSegment() { return false }
            case .seal: core.space.placement.withLock { $0.sealed() }
            default: return false
            }
        }
    }

    private func redirect(_ key: CacheKey, from source: RecordLocation, to target: RecordLocation, extent: Int) {
        let isMoved = core.shard(key).index.withLock { index in
            guard let slot = index.find(key), index.entry(slot).pointee.location == source else { return false }
            index.entry(slot).pointee.location = target
            index.entry(slot).pointee.isVerified = false
            // A record that knows the old file would keep its blocks from coming back.
            if case .file? = index.record(slot)?.content { index.dropFromMemory(slot) }
            return true
        }
        core.died(DeadRecord(key: key, location: isMoved ? source : target, extent: extent))
    }

    private func noteDamage(_ key: CacheKey, at location: RecordLocation, in file: SegmentFile) {
        guard core.remove(key, at: location) else { return }
        core.count { $0.corruptions += 1 }
        core.incidents.note(.corruptRecord, "a record in \(file.path) at \(location.offset) is damaged and was dropped")
    }

    /// Objects whose heads the scan did not find, because they are damaged: rare, so a walk over the index may find them.
    private func forgetWhatIsLeft(in number: UInt32) {
        guard let live = core.space.placement.withLock({ $0.segments[number]?.live }), live > 0 else { return }
        for shard in core.shards {
            let dead = shard.index.withLock { index in
                index.removeAll { $0.location?.segment == number }
            }
            for record in dead {
                core.died(record)
                core.count { $0.corruptions += 1 }
            }
        }
        core.incidents.note(.corruptSegment, "segment \(number) has damaged heads; the records behind them were dropped")
    }
}
