import CacheProtocol

/// The product's rule book, and around it the mistakes that can be planted in it.
final class NodeRules {
    let book: RuleBook
    // Outlives the process that owns this.
    private unowned(unsafe) let simulation: Simulation
    /// Planted: tombstones through here were lost.
    var lostTombstones = Revision.zero

    init(_ table: RuleTable, _ simulation: Simulation) {
        book = RuleBook(table)
        self.simulation = simulation
    }

    var applied: Revision { book.applied }

    func apply(_ entries: [JournalEntry]) throws(ApplyError) {
        try book.apply(entries)
    }

    func advance(to table: RuleTable) {
        book.advance(to: table)
    }

    func restart(_ fresh: RuleTable) {
        book.restart(fresh)
    }

    func check(_ image: CachedImage) -> (verdict: RuleTable.Verdict, through: Revision) {
        let (verdict, through) = book.check(image.scope, filledAt: image.fill)
        guard simulation.bug?.isInTheRules ?? false else { return (verdict, through) }
        return (mistaken(verdict, on: image), through)
    }

    func tombstone(on wanted: Wanted) -> Revision? {
        book.tombstone(on: candidates(wanted)).flatMap { $0 <= lostTombstones ? nil : $0 }
    }

    /// Every place that the request may be answered from.
    private func candidates(_ wanted: Wanted) -> [SourceIdentity] {
        simulation.bug == .overlayNotAmongTheCandidates ? wanted.mainSources : wanted.sources
    }

    func standing(of wanted: Wanted) -> RuleTable.Standing {
        var standing = book.standing(
            of: candidates(wanted), urls: wanted.urls, site: Catalogue.sites[wanted.target.endpoint])
        if let tombstone = standing.tombstone, tombstone <= lostTombstones { standing.tombstone = nil }
        if simulation.bug == .tagUnknownAtFill { standing.joinFrom = standing.newestMatch }
        return standing
    }

    private func mistaken(_ verdict: RuleTable.Verdict, on image: CachedImage) -> RuleTable.Verdict {
        guard case .refused = verdict else { return verdict }
        let floor = book.read { $0.floor }
        var (hard, soft) = (Revision.zero, Revision.zero)
        for order in simulation.journalOrders(through: applied) {
            guard let revision = order.revision, revision > image.fill, order.names(image), order.isPurge else { continue }
            if order.kind == .softPurge { soft = max(soft, revision); continue }
            switch simulation.bug {
            case .liftDropsThePurge where order.kind == .erase && isLifted(order): continue
            case .rulesDroppedWithoutFloor where revision <= floor: continue
            default: hard = max(hard, revision)
            }
        }
        if simulation.bug == .softOverHard, soft > hard { return .stale(by: soft) }
        if hard > .zero { return .refused(by: hard) }
        if simulation.bug == .softOverHard { return verdict }
        return soft > .zero ? .stale(by: soft) : .valid
    }

    private func isLifted(_ erase: Order) -> Bool {
        simulation.journalOrders(through: applied).contains {
            $0.kind == .lift && $0.aim == erase.aim && $0.revision ?? .zero > erase.revision ?? .zero
        }
    }
}

/// The product's lease gate, and around it the mistakes that can be planted in it.
final class NodeGate {
    private let gate = LeaseGate()
    private let host: Host
    private let bug: PlantedBug?
    private var wallUntil: Int64 = 0

    init(_ host: Host, bug: PlantedBug?) {
        (self.host, self.bug) = (host, bug)
    }

    /// - Parameter lease: milliseconds.
    func mayAnswer(at now: BootInstant, lease: UInt64) -> Bool {
        if bug == .leaseByWallClock { return gate.answersUntil.nanoseconds > 0 && host.wall < wallUntil }
        return gate.mayAnswer(at: now, lease: lease)
    }

    func apply(through revision: Revision) {
        gate.update { $0.apply(through: revision) }
    }

    func receive(_ grant: Grant, requestedAt: BootInstant, _ applied: Revision) {
        var grant = grant
        if bug == .grantUsedBeforeItsHead { grant.head = .zero }
        if grant.head <= applied { wallUntil = max(wallUntil, host.wall + Int64(grant.duration)) }
        gate.update {
            $0.apply(through: applied)
            $0.receive(grant, requestedAt: requestedAt)
        }
    }

    func surrender() {
        wallUntil = 0
        gate.update { $0.surrender() }
    }
}
