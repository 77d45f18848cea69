import CacheProtocol
import Journal

/// Commands, from the operator into the journal. Mirrors CommandDesk+Submit and JournalTail.
extension SimulatedDesk {
    /// - Parameter reply: the revision, or nil when it is not known whether the command stands.
    func submit(_ order: Order, _ reply: @escaping (Revision?) -> Void) {
        // Nobody who never joined can be expelled.
        if case .node(let folder) = order.command.scope, members[folder] == nil { return reply(nil) }
        process.step { [self] in
            let fails = process.host.diskFails()
            if fails, world.random.chance(70) { return process.step { [self] in catchUp(); reply(nil) } }
            if bug == .acknowledgeBeforePersist { database.syncedEntries = min(database.syncedEntries, database.entries.count) }
            let entry = database.append(order, at: process.host.wall)
            database.sync()
            simulation.appended(order, at: entry.revision)
            if bug == .acknowledgeBeforePersist {
                process.later(world.random.number(in: 1_000_000...1_000_000_000)) { [self] in database.syncedEntries = .max }
            }
            process.step { [self] in
                if fails { catchUp() } else { learn(entry) }
                endDeclaredDead()
                reply(fails ? nil : entry.revision)
            }
        }
    }

    func catchUp() {
        process.step { [self] in
            while knownHead < database.head { learn(database.entries[Int(knownHead.rawValue)]) }
            endDeclaredDead()
        }
    }

    /// In the order of revisions, whatever the order in which transactions return. Mirrors `JournalTail.add`.
    private func learn(_ entry: JournalEntry) {
        guard entry.revision > knownHead else { return }
        early[entry.revision] = entry
        while let next = early.removeValue(forKey: knownHead.next) {
            knownHead = next.revision
            adopt(next)
            if case .node(let folder) = next.command.scope { expel(folder, next) }
            if Erasure(next) != nil { removals.erased(next.revision, size: 100, isCompleted: false) }
            tracker.committed(next.revision, lease: lease(of: next), at: now)
        }
        answerHeld { $0.applied < knownHead }
        settle()
    }

    func adopt(_ entry: JournalEntry) {
        switch entry.command.scope {
        case .configuration(let change):
            let configuration = simulation.configuration(change.document)
            terms.committed(
                entry.revision,
                EndpointLeases(
                    bySite: Dictionary(uniqueKeysWithValues: zip(Catalogue.sites, configuration.leases)),
                    longest: configuration.longestLease))
            newestConfiguration = max(newestConfiguration, entry.revision)
            if bug == .leaseShortenedTooEarly { terms.completed(entry.revision) }
        case .node(let folder) where entry.command.kind == .forget: forgetting[entry.revision] = folder
        default: break
        }
    }

    func lease(of entry: JournalEntry) -> UInt64 {
        let order = simulation.orders[database.orders[Int(entry.revision.rawValue) - 1]]
        // Whoever holds a lease of after the backup may go by a configuration that is gone.
        if now.boot < unknownUntil, bug != .restoreWaitsByItsOwnLeases { return .max }
        // Which endpoints reach what the command names was looked up by the configurations of then.
        let isOvertaken = newestConfiguration > order.resolvedAt
        if isOvertaken { return terms.longest }
        return terms.lease(of: entry.command)
    }
}
