import CacheProtocol
import Journal

/// What is completed and what is removed, into the journal and then to those who ask.
extension SimulatedDesk {
    func settle() {
        unrecorded += tracker.takeSettled().map(\.revision).sorted()
        unmarked += removals.takeRemoved().sorted()
        if !unrecorded.isEmpty || !unmarked.isEmpty, !isRecording { record() }
        guard let next = tracker.nextRunOut, alarm.map({ next < $0 }) ?? true else { return }
        alarm = next
        let due = process.host.clock.time(of: next.nanoseconds)
        process.later(due > world.now ? due - world.now : 0) { [self] in
            guard alarm == next else { return }
            alarm = nil
            tracker.pass(now)
            settle()
        }
    }

    private func record() {
        isRecording = true
        let (batch, removed) = (unrecorded, unmarked)
        process.step { [self] in
            if process.host.diskFails() {
                return process.later(1_000_000_000) { [self] in record() }
            }
            database.complete(batch)
            database.markRemoved(removed)
            process.later(1_000_000_000) { [self] in database.sync() }
            process.step { [self] in
                unrecorded.removeAll { batch.contains($0) }
                for revision in batch { recorded(revision) }
                unmarked.removeAll { removed.contains($0) }
                for revision in removed { simulation.removed(revision) }
                unmarked += removals.takeRemoved().sorted()
                isRecording = false
                if !unrecorded.isEmpty || !unmarked.isEmpty { record() }
            }
        }
    }

    private func recorded(_ revision: Revision) {
        terms.completed(revision)
        removals.completed(revision)
        simulation.completed(revision)
        if let folder = forgetting.removeValue(forKey: revision), let member = members[folder] { removals.update(member) }
    }
}
