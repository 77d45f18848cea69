import CacheProtocol

/// What a node gives up: its caches when it was forgotten, its old rules, and everything when it is not on the chain.
extension NodeProcess {
    func dropCaches() {
        note("was forgotten: it empties its caches")
        gate.surrender()
        renewAt = BootInstant(nanoseconds: 0)
    }

    func emptyCaches() -> Bool {
        var isDone = true
        for cache in caches where !cache.removeAll() { isDone = false }
        return isDone
    }

    func limitRules(_ then: @escaping (Bool) -> Void) {
        guard let floor = rules.book.read({ [simulation] in $0.floorNeeded(limit: simulation.settings.ruleLimit) }) else {
            return then(true)
        }
        if simulation.bug == .rulesDroppedWithoutFloor { rules.book.raiseFloor(to: floor) }
        step { [self] in
            if simulation.bug != .rulesDroppedWithoutFloor {
                for cache in caches where !cache.raiseFloor(to: floor) { return then(false) }
            }
            note("drops its rules through \(floor)")
            rules.book.raiseFloor(to: floor)
            step { [self] in
                if !host.diskFails() { rules.book.read { disk.fold(to: $0) } }
                then(true)
            }
        }
    }

    func startOver(_ journal: JournalID) {
        note("is not on the chain: it starts over")
        gate.surrender()
        barrier { [self] in
            step { [self] in
                guard emptyCaches() || simulation.bug == .cachesKeptOffTheChain else { return tryAgain() }
                step { [self] in
                    guard !host.diskFails() else { return tryAgain() }
                    let fresh = RuleTable(journal: journal)
                    (disk.outstanding, disk.reports) = ([], [])
                    disk.reset(journal, to: fresh)
                    acknowledged = .zero
                    rules.restart(fresh)
                    renewAt = BootInstant(nanoseconds: 0)
                    configured = .zero
                    nextTurn()
                }
            }
        }
    }
}
