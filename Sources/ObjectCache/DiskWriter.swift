internal import CacheProtocol
internal import Synchronization

/// The one thread that changes files: appends, evicts, compacts, unlinks, writes checkpoints and the state.
final class DiskWriter {
    let core: CacheCore
    let queue: WriteQueue
    var state: CacheState
    /// The number of the next segment.
    var nextNumber: UInt32
    /// The length of the checkpoint that is in place.
    var checkpointBytes: Int
    /// The walk that is under way, and the requests for those that come after it.
    var walk: SourceWalk?
    var waitingWalks: [WriterRequest] = []
    var objectBound = ObjectBound()
    /// Of a disk that fails.
    var pause = WritePause()
    private var staging: [UInt8] = []
    private var stampAtCheckpoint: UInt64 = 0
    private var nextCheckpoint: MonotonicTime

    /// Records up to this length are written by one call from one buffer.
    private static let stagingBytes = 256 << 10
    /// A checkpoint may take a twentieth of the writer's time at the most.
    private static let checkpointRest = 20

    init(_ core: CacheCore, _ queue: WriteQueue, _ recovered: Recovery.Outcome) {
        self.core = core
        self.queue = queue
        state = recovered.state
        nextNumber = recovered.nextNumber
        checkpointBytes = recovered.checkpointBytes
        nextCheckpoint = recovered.needsCheckpoint
            ? .now() : .now().advanced(byMilliseconds: core.configuration.checkpointMilliseconds)
        // The start's, not that of now: a lookup may have come before this thread did.
        stampAtCheckpoint = recovered.needsCheckpoint ? 0 : recovered.nextStamp
    }

    /// Until it is told to stop.
    func run() {
        fitToLimit()
        while true {
            queue.bell.wait(until: walk == nil ? nextCheckpoint : .now())
            var work = queue.take()
            perform(&work.writes)
            if tidy() { queue.bell.ring() }
            for (place, request) in work.requests.enumerated() {
                if case .stop(let waiter) = request {
                    stop(waiter, leaving: Array(work.requests[(place + 1)...]))
                    return
                }
                perform(request)
            }
            walkOn()
            if MonotonicTime.now() >= nextCheckpoint {
                // A disk that was full or kept a file may be so no more.
                let isFailing = pause.isFailing
                core.space.placement.withLock { placement in
                    if !isFailing { placement.tryMore() }
                    placement.unstick()
                }
                checkpointIfChanged()
            }
        }
    }

    private func stop(_ waiter: CheckedContinuation<Void, Never>?, leaving rest: [WriterRequest]) {
        var late = queue.close()
        perform(&late.writes)
        refuseWalks()
        checkpointIfChanged()
        core.lock.release()
        for request in rest + late.requests { request.refuse() }
        waiter?.resume()
    }

    private func perform(_ request: WriterRequest) {
        switch request {
        case .flush(let waiter):
            while tidy() {}
            waiter.resume()
        case .checkpoint(let waiter):
            checkpointIfChanged()
            waiter.resume()
        case .removeAll(let waiter):
            waiter.resume(returning: removeAll())
        case .raiseFloor(let floor, let waiter):
            waiter.resume(returning: raiseFloor(to: floor))
        case .reclaim, .find:
            waitingWalks.append(request)
        case .stop:
            break
        }
    }

    func checkpointIfChanged() {
        let start = MonotonicTime.now()
        let stamp = core.nextStamp.load(ordering: .relaxed)
        if stamp != stampAtCheckpoint, writeCheckpoint() { stampAtCheckpoint = stamp }
        let end = MonotonicTime.now()
        let took = end.milliseconds(since: start)
        nextCheckpoint = end.advanced(
            byMilliseconds: max(core.configuration.checkpointMilliseconds, took * Self.checkpointRest))
    }

    // MARK: One record

    /// One by one, and lets go of each when it is done: the queue takes others in then.
    private func perform(_ writes: inout [PendingWrite]) {
        writes.reverse()
        while let write = writes.popLast() { perform(write) }
    }

    private func perform(_ write: PendingWrite) {
        defer { queue.release(write.memoryCost) }
        guard wantedStamp(write) != nil else { return }
        guard mayWrite() else { return drop(write) { $0.storesUnwritten += 1 } }
        do throws(StoreFailure) {
            do throws(StoreFailure) {
                try store(write)
            } catch .full {
                // The placement keeps to less from now on; once more, after others have given way.
                try store(write)
            }
            pause.succeeded()
        } catch .noRoom {
            // The disk was not asked: a limit that fell too low while it failed may rise again.
            pause.succeeded()
            drop(write) { $0.storesWithoutRoom += 1 }
        } catch {
            pause.failed(at: .now())
            drop(write) { $0.storesUnwritten += 1 }
        }
    }

    /// Whether the disk may be asked: it has not failed lately, or answers again. Before anything gives way for a new object.
    private func mayWrite() -> Bool {
        guard pause.isFailing else { return true }
        guard pause.isOver(at: .now()) else { return false }
        if folderTakesFiles() { return true }
        pause.failed(at: .now())
        return false
    }

    private func store(_ write: PendingWrite) throws(StoreFailure) {
        try makeRoom(write.extent)
        // Room was perhaps made by evicting this very object.
        guard let stamp = wantedStamp(write) else { return }
        let head = RecordHead(
            nonce: 0, key: write.key, fillRevision: write.record.metadata.fillRevision.rawValue, stamp: stamp,
            bodyLength: write.body.count, metadataLength: write.metadata.count,
            bodyChecksum: write.body.withUnsafeBytes { Checksum.crc32c($0) })
        var result: Result<RecordLocation, StoreFailure> = .failure(.failed)
        write.body.withUnsafeBytes { body in
            do throws(StoreFailure) {
                result = .success(try append(head, write.metadata, body))
            } catch {
                result = .failure(error)
            }
        }
        let location = try result.get()
        core.count {
            $0.recordsWritten += 1
            $0.bytesWritten += write.extent
        }
        publish(write, at: location)
    }

    /// When the object was last used; nil if it is not wanted any more (replaced, removed, evicted).
    private func wantedStamp(_ write: PendingWrite) -> UInt64? {
        core.shard(write.key).index.withLock { index in
            guard let slot = index.find(write.key), index.record(slot) === write.record else { return nil }
            return index.entry(slot).pointee.stamp
        }
    }

    private func drop(_ write: PendingWrite, _ count: (inout CacheStatistics) -> Void) {
        core.count(count)
        core.shard(write.key).index.withLock { index in
            guard let slot = index.find(write.key), index.record(slot) === write.record else { return }
            // Pending, so nothing on the disk dies with it.
            _ = index.remove(slot)
        }
    }

    private func publish(_ write: PendingWrite, at location: RecordLocation) {
        let isFound = core.shard(write.key).index.withLock { index in
            guard let slot = index.find(write.key), index.record(slot) === write.record else { return false }
            index.entry(slot).pointee.location = location
            if core.isFileBody(write.body.count) { index.dropFromMemory(slot) } else { index.promote(slot) }
            return true
        }
        if !isFound { core.died(DeadRecord(key: write.key, location: location, extent: write.extent)) }
    }

    /// Appends a record to the active segment, which has been chosen and has room.
    /// - Throws: the disk failed, or is full; nothing is left of the record then.
    func append(
        _ head: RecordHead, _ metadata: [UInt8], _ body: UnsafeRawBufferPointer
    ) throws(StoreFailure) -> RecordLocation {
        guard let location = core.space.placement.withLock({ $0.appended(head.extent) }),
            let file = core.file(location.segment)
        else { throw .failed }
        var head = head
        head.nonce = file.nonce
        do throws(SystemFailure) {
            try write(head, metadata, body, to: file, at: location.offset)
            return location
        } catch {
            core.died(DeadRecord(key: head.key, location: location, extent: head.extent))
            // What follows goes to another segment: this one's end is not what we believe it to be.
            core.space.placement.withLock { $0.sealed() }
            throw failure(of: error)
        }
    }

    private func write(
        _ head: RecordHead, _ metadata: [UInt8], _ body: UnsafeRawBufferPointer, to file: SegmentFile, at offset: Int
    ) throws(SystemFailure) {
        let start = head.bytes(with: metadata)
        let padding = head.extent - start.count - body.count
        if head.extent <= Self.stagingBytes {
            staging.removeAll(keepingCapacity: true)
            staging += start
            staging += body
            staging += repeatElement(0, count: padding)
            try Self.write(staging, to: file, at: offset)
        } else {
            try Self.write(start, to: file, at: offset)
            try file.write(body, at: offset + start.count)
            try Self.write([UInt8](repeating: 0, count: padding), to: file, at: offset + start.count + body.count)
        }
    }

    static func write(_ bytes: [UInt8], to file: SegmentFile, at offset: Int) throws(SystemFailure) {
        var failure: SystemFailure?
        bytes.withUnsafeBytes {
            do throws(SystemFailure) { try file.write($0, at: offset) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}
