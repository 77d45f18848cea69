internal import CacheProtocol
internal import Synchronization

/// What has become of that which erases mean in a segment.
enum Destruction {
    case done
    /// An answer may be sending it, and nobody has cut it off yet.
    case putOff
    case failed
}

extension DiskWriter {
    /// One step of the walk that is under way, or of the next.
    func walkOn() {
        if walk == nil { beginWalk() }
        guard let walk else { return }
        switch walk.step() {
        case .goesOn: break
        case .wantsCheckpoint: checkpointIfChanged()
        case .isDone:
            self.walk = nil
            walk.end()
            // What was put off for it may go now, and the next may have been asked for; nobody rings for that.
            core.space.placement.withLock { $0.unstick() }
            queue.bell.ring()
        }
    }

    /// Overwrites what erases mean in a segment that is about to go, whether or not their walk has begun: once its blocks are
    /// given back, nobody reaches them.
    /// Unless it is done, the segment stays, for the walk to find.
    func destroyDue(in number: UInt32) -> Destruction {
        walk?.finish(number)
        if core.isOwed(number) { return destroyWhole(number) }
        var done = walk?.covered ?? []
        while true {
            // Again, because an erase may be heard of while this overwrites.
            let due = core.due.all(but: done)
            if due.isEmpty { return .done }
            let alone = SourceWalk(core, .release(due), SourceMatcher(due))
            alone.finish(number)
            alone.end()
            if alone.isFailed || alone.isPutOff {
                core.space.placement.withLock { $0.keptInPlace(number) }
                return alone.isFailed ? .failed : .putOff
            }
            done.formUnion(due.map(\.revision))
        }
    }

    /// As soon as no answer has it any more.
    private func destroyWhole(_ number: UInt32) -> Destruction {
        guard core.files.withLock({ $0[number] == nil || isKnownUniquelyReferenced(&$0[number]) }) else {
            core.space.placement.withLock { $0.keptInPlace(number) }
            return .putOff
        }
        do throws(SystemFailure) {
            // A power cut may have left less than a head.
            if let file = core.file(number), case let length = try file.status().length, length > SegmentHeader.size {
                for start in stride(from: SegmentHeader.size, to: length, by: core.destroyedAtOnce) {
                    try core.destroy([start..<min(start + core.destroyedAtOnce, length)], in: file)
                }
                file.noteSure()
            }
            core.settle(owed: number)
            return .done
        } catch {
            core.count { $0.writeFailures += 1 }
            core.incidents.note(.reclaimFailed, "\(error); the file stays and will be tried again")
            core.space.placement.withLock { $0.keptInPlace(number) }
            return .failed
        }
    }

    private func beginWalk() {
        guard !waitingWalks.isEmpty else { return }
        switch waitingWalks.removeFirst() {
        case .reclaim(let erases, let waiter):
            walk = SourceWalk(core, .reclaim(erases, waiter), SourceMatcher(erases))
        case .find(let sources, let waiter):
            walk = SourceWalk(core, .find(waiter), SourceMatcher(sources))
        case let other:
            other.refuse()
        }
    }

    /// The cache is shut down.
    func refuseWalks() {
        walk?.refuse()
        walk = nil
        for request in waitingWalks { request.refuse() }
        waitingWalks = []
    }
}
