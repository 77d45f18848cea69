import CacheProtocol
import Journal

extension SimulatedDesk {
    /// Mirrors CommandDesk+Folding and JournalTables+Snapshot.
    func fold() {
        let open = [tracker.firstOpen, unrecorded.min()].compactMap { $0 }.min()
        let end = open.map { Revision(rawValue: $0.rawValue - 1) } ?? knownHead
        guard end > database.floor else { return }
        process.step { [self] in
            guard end <= database.head, end > database.floor, !process.host.diskFails() else { return }
            var table = database.snapshot ?? RuleTable(journal: database.id)
            for entry in database.entries[Int(database.floor.rawValue)..<Int(end.rawValue)] { try? table.apply(entry) }
            if let floor = table.floorNeeded(limit: simulation.settings.ruleLimit) { table.raiseFloor(to: floor) }
            database.snapshot = table
            process.note("folds the journal through \(end)")
        }
    }
}
