import CacheProtocol

/// One life of a node: its part in the protocol. Mirrors NodeAgent (`turn`, `take`, `adopt`, `startOver`, `dropCaches`,
/// `limitRules`, `destroyErased`): every await there is a step of its own here, so that everything may come in between.
class NodeProcess {
    // The simulation and its hosts outlive every process: `Simulation.run` drops all of them together, at its end.
    unowned(unsafe) let simulation: Simulation
    unowned(unsafe) let host: Host
    let disk: DataFolderContents
    let incarnation: Incarnation
    let rules: NodeRules
    let gate: NodeGate
    private(set) var caches: [SimulatedCache] = []
    private(set) var isAlive = true
    private(set) var pausedUntil: UInt64 = 0
    /// What the node serves by, and the revision that said so.
    var configuration: SimulatedConfiguration?
    var configured = Revision.zero
    /// By endpoint: of the configuration that is applied.
    var leases: [UInt64]?

    private var joins = true
    private var renewAt = BootInstant(nanoseconds: 0)
    /// Applied, on the disk, past the barrier.
    private(set) var acknowledged: Revision
    private var turn = 0
    private var givesUpAt = UInt64.max
    private var pause: UInt64 = 50
    private var appliedWaiters: [(revision: Revision, resume: () -> Void)] = []
    private var isDestroying = false
    private var sweepIsDue = false

    var world: World { simulation.world }
    var identity: NodeIdentity { NodeIdentity(name: host.name, folder: disk.identity, role: host.role) }

    init(on host: Host, in simulation: Simulation) {
        let folder = host.folder
        (self.host, self.simulation, disk) = (host, simulation, folder)
        folder.life += 1
        incarnation = Incarnation(rawValue: UInt64(folder.life) << 40 | simulation.world.random.number(in: 1...0xFFFF_FFFF))
        let table = folder.recovered()
        rules = NodeRules(table ?? RuleTable(journal: simulation.noJournal), simulation)
        acknowledged = folder.applied
        gate = NodeGate(host, bug: simulation.bug)
        folder.owner = self
        gate.apply(through: folder.applied)
        note("starts life \(disk.life) with \(disk.applied) applied")
        caches = disk.caches.map { SimulatedCache($0, of: self) }
    }

    func start() {
        destroyErased()
        watch()
        nextTurn()
    }

    // MARK: Life

    func note(_ line: @autoclosure () -> String) {
        world.note(host.name, line())
    }

    /// The process is gone: what was not written is lost; with the power, also what was not synced.
    func die(losingPower: Bool) {
        guard isAlive else { return }
        isAlive = false
        if disk.owner === self { disk.owner = nil }
        if host.process === self { host.process = nil }
        guard losingPower else { return }
        for cache in disk.caches { cache.records.removeAll { !$0.isSynced && world.random.chance(50) } }
    }

    func stop(for duration: UInt64) {
        guard isAlive else { return }
        note("is stopped for \(duration / 1_000_000) ms")
        pausedUntil = max(pausedUntil, world.now + duration)
    }

    var isStopped: Bool { world.now < pausedUntil }

    /// Does `act` later, if this process still lives then; a stopped one does it when it goes on.
    func later(_ delay: UInt64, _ act: @escaping () -> Void) {
        world.after(delay) { [self] in
            guard isAlive else { return }
            if world.now < pausedUntil { return later(pausedUntil - world.now, act) }
            act()
        }
    }

    /// Now, or when a stopped process goes on.
    func whenAwake(_ act: @escaping () -> Void) {
        guard isAlive else { return }
        if isStopped { later(0, act) } else { act() }
    }

    /// What the product awaits here: a thread, a disk.
    func step(_ act: @escaping () -> Void) {
        later(world.pause(), act)
    }

    // MARK: Following

    /// Asks the desk; nil when no answer came.
    /// - Parameter acknowledged: what the node has applied, synced, and has behind its barrier. The request's own `applied` is
    ///   what it has on its disk.
    func ask(_ request: FollowRequest, acknowledging acknowledged: Revision, _ answer: @escaping (FollowAnswer?) -> Void) {}

    /// Makes every answer that was decided before visible to `abort`.
    func barrier(_ then: @escaping () -> Void) { then() }
    func abort(_ erasures: [Erasure]) {}
    /// Serves by this configuration or a later one, then says true.
    func configure(_ wanted: AppliedConfiguration, _ then: @escaping (Bool) -> Void) { then(true) }

    private func request(joins: Bool = false, wantsGrant: Bool = false, patience: UInt64 = 0) -> FollowRequest {
        FollowRequest(
            node: identity, incarnation: incarnation, joins: joins, journal: disk.journal, applied: disk.applied,
            chain: disk.chain, wantsGrant: wantsGrant, removals: disk.reports, patience: patience)
    }

    private func nextTurn() {
        turn += 1
        let number = turn
        let sentAt = host.boot
        let wantsGrant = sentAt >= renewAt
        let patience = wantsGrant || acknowledged < disk.applied ? 0 : min(60_000, renewAt.milliseconds(since: sentAt))
        let question = request(joins: joins, wantsGrant: wantsGrant, patience: patience)
        ask(question, acknowledging: acknowledged) { [self] answer in
            guard turn == number else { return }
            // Only one answer is taken, and no time-out any more.
            turn += 1
            givesUpAt = .max
            guard let answer else { return tryAgain() }
            take(answer, to: question, sentAt: sentAt)
        }
        givesUpAt = world.now + (patience + 1_500) * 1_000_000
    }

    /// One look now and then at whether an answer is overdue, instead of an alarm for each question.
    private func watch() {
        later(1_000_000_000) { [self] in
            if world.now > givesUpAt {
                givesUpAt = .max
                turn += 1
                tryAgain()
            }
            watch()
        }
    }

    private func tryAgain() {
        later(pause * 1_000_000) { [self] in nextTurn() }
        pause = min(pause * 2, 500)
    }

    private func take(_ answer: FollowAnswer, to question: FollowRequest, sentAt: BootInstant) {
        switch answer {
        case .superseded:
            gate.surrender()
            note("is superseded")
            die(losingPower: false)
            simulation.restartLater(host)
        case .startOver(let journal):
            startOver(journal)
        case .news(let news):
            joins = false
            let receivedAt = host.boot
            if simulation.bug == .acknowledgeBeforeApply, let last = news.entries.last {
                var claim = request()
                (claim.applied, claim.chain) = (last.revision, last.chain)
                ask(claim, acknowledging: claim.applied) { _ in }
            }
            // The decoding of the answer.
            step { [self] in
                take(news) { [self] isDone in
                    guard isDone else { return tryAgain() }
                    if let grant = news.grant {
                        let counted = simulation.bug == .countedFromReceipt ? receivedAt : sentAt
                        gate.receive(grant, requestedAt: counted, rules.applied)
                        note("holds a grant of head \(grant.head) for \(grant.duration) ms")
                        let shortest = configuration?.shortestLease ?? grant.duration
                        renewAt = sentAt.advanced(byMilliseconds: min(grant.duration, shortest) / 3)
                    } else {
                        gate.apply(through: rules.applied)
                    }
                    disk.reports.removeAll { question.removals.contains($0) }
                    pause = 50
                    nextTurn()
                }
            }
        }
    }

    /// The order matters. The rules in memory are never ahead of the disk: else a journal that is restored meanwhile would
    /// find a node on its chain that holds rules of a history that is gone. And who serves by a configuration has applied
    /// all that came before it, because commands of before wait by older configurations' leases.
    private func take(_ news: FollowNews, _ then: @escaping (Bool) -> Void) {
        let persistsFirst = bug != .appliedBeforePersisted
        if bug == .configuredBeforeApplied, let ordered = news.configuration { configureIfNew(ordered) { _ in } }
        adopt(news) { [self] isDone in
            guard isDone, persistsFirst || applyInMemory(news) else { return then(false) }
            persist(news, isDue: persistsFirst) { [self] isDone in
                guard isDone, !persistsFirst || applyInMemory(news) else { return then(false) }
                configureIfNew(rules.book.read { $0.configuration }) { [self] isDone in
                    guard isDone else { return then(false) }
                    persist(news, isDue: !persistsFirst) { [self] isDone in isDone ? finish(news, then) : then(false) }
                }
            }
        }
    }

    private var bug: PlantedBug? { simulation.bug }

    /// Takes the snapshot, if there is one.
    private func adopt(_ news: FollowNews, _ then: @escaping (Bool) -> Void) {
        guard let snapshot = news.snapshot else { return then(true) }
        guard snapshot.journal == disk.journal else { return then(false) }
        guard snapshot.revision > disk.applied else { return then(true) }
        let isForgotten = snapshot.table.forgotten[disk.identity].map { $0 > disk.applied } ?? false
        if isForgotten { dropCaches() }
        step { [self] in
            if isForgotten, !emptyCaches() { return then(false) }
            if snapshot.table.floor > .zero {
                for cache in caches where !cache.raiseFloor(to: snapshot.table.floor) { return then(false) }
            }
            if bug == .appliedBeforePersisted {
                rules.advance(to: snapshot.table)
                guard rules.applied == snapshot.revision else { return then(true) }
            }
            step { [self] in
                guard !host.diskFails() else { return then(false) }
                disk.add(news.erasures)
                disk.reset(snapshot.journal, to: snapshot.table)
                rules.advance(to: snapshot.table)
                if bug == .lostTombstoneAtTheSnapshot { rules.lostTombstones = snapshot.revision }
                note("has taken the snapshot of \(snapshot.revision)")
                then(true)
            }
        }
    }

    private func applyInMemory(_ news: FollowNews) -> Bool {
        do throws(ApplyError) {
            try rules.apply(news.entries)
            return true
        } catch {
            note("can't apply: \(error)")
            return false
        }
    }

    private func configureIfNew(_ current: AppliedConfiguration?, _ then: @escaping (Bool) -> Void) {
        guard let current, bug != .configurationAcknowledgedUnread || configuration == nil || host.role == .origin else { return then(true) }
        // By what it says and not by its revision alone: what is served by may be of a history that is gone.
        let isNew =
            bug == .configurationOfALostHistoryKept
            ? current.revision > configured
            : current.revision != configured || configuration != simulation.configuration(current.document)
        guard isNew else {
            leases = simulation.configuration(current.document).leases
            return then(true)
        }
        configure(current) { [self] isDone in
            if isDone, bug == .configurationOfALostHistoryKept { configured = max(configured, current.revision) }
            then(isDone)
        }
    }

    private func persist(_ news: FollowNews, isDue: Bool, _ then: @escaping (Bool) -> Void) {
        guard isDue else { return then(true) }
        if news.snapshot == nil, !news.erasures.isEmpty, !host.diskFails() { disk.add(news.erasures) }
        guard !news.entries.isEmpty else { return then(true) }
        let isForgotten = news.entries.contains { $0.command.scope == .node(disk.identity) }
        if isForgotten { dropCaches() }
        barrier { [self] in
            step { [self] in
                if isForgotten, !emptyCaches() { return then(false) }
                guard !host.diskFails() else { return then(false) }
                disk.add(news.entries.compactMap { Erasure($0) })
                disk.append(news.entries.filter { $0.revision > disk.applied })
                then(true)
            }
        }
    }

    private func finish(_ news: FollowNews, _ then: @escaping (Bool) -> Void) {
        guard news.snapshot != nil || !news.entries.isEmpty || !news.erasures.isEmpty || acknowledged < disk.applied else {
            return then(true)
        }
        if let last = news.entries.last { note("has applied \(last.revision)") }
        wakeAppliedWaiters()
        barrier { [self] in
            acknowledged = disk.applied
            if disk.entries.count > 12 { rules.book.read { disk.fold(to: $0) } }
            if !sweepIsDue {
                sweepIsDue = true
                step { [self] in
                    sweepIsDue = false
                    for cache in caches { cache.sweep() }
                }
            }
            destroyErased()
            limitRules(then)
        }
    }

    private func dropCaches() {
        note("was forgotten: it empties its caches")
        gate.surrender()
        renewAt = BootInstant(nanoseconds: 0)
    }

    private func emptyCaches() -> Bool {
        var isDone = true
        for cache in caches where !cache.removeAll() { isDone = false }
        return isDone
    }

    private func limitRules(_ then: @escaping (Bool) -> Void) {
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

    private func startOver(_ journal: JournalID) {
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

    // MARK: Applied

    /// Mirrors `waitUntilApplied`.
    func waitUntilApplied(_ revision: Revision, _ then: @escaping (Bool) -> Void) {
        if rules.applied >= revision { return then(true) }
        var isDone = false
        appliedWaiters.append(
            (revision, {
                guard !isDone else { return }
                isDone = true
                then(true)
            }))
        later(1_000_000_000) {
            guard !isDone else { return }
            isDone = true
            then(false)
        }
    }

    private func wakeAppliedWaiters() {
        let applied = rules.applied
        let due = appliedWaiters.filter { $0.revision <= applied }
        guard !due.isEmpty else { return }
        appliedWaiters.removeAll { $0.revision <= applied }
        for waiter in due { waiter.resume() }
    }

    // MARK: Erases

    /// Mirrors NodeAgent+Erase.
    private func destroyErased() {
        guard !isDestroying else { return }
        let due = disk.outstanding.filter { $0.revision <= rules.applied }
        guard !due.isEmpty else { return tellRemovals() }
        isDestroying = true
        if simulation.bug == .removalReportedBeforeDestroyed { report(due) }
        step { [self] in
            barrier { [self] in
                abort(due)
                step { [self] in
                    let isDone = caches.reduce(true) { $1.reclaim(due) && $0 }
                    step { [self] in
                        isDestroying = false
                        guard isDone, !host.diskFails() else { return later(500_000_000) { [self] in destroyErased() } }
                        report(due)
                        destroyErased()
                    }
                }
            }
        }
    }

    private func report(_ done: [Erasure]) {
        // Starting over has emptied all, and forgotten what was outstanding on the other history.
        let known = done.filter { erasure in disk.outstanding.contains(erasure) }
        disk.destroyed(known.map { RemovalReport(revision: $0.revision, objects: 0, bytes: 0, at: host.wall) })
        note("has destroyed what \(known.map(\.revision)) erased")
        if simulation.bug == .removalReportedBeforeDestroyed { tellRemovals() }
    }

    private func tellRemovals() {
        let request = request()
        guard !request.removals.isEmpty, request.journal != nil else { return }
        ask(request, acknowledging: acknowledged) { [self] answer in
            guard case .news = answer else { return }
            disk.reports.removeAll { request.removals.contains($0) }
        }
    }
}

extension FollowNews {
    /// The last that is ordered.
    fileprivate var configuration: AppliedConfiguration? {
        entries.last { $0.command.kind == .configure }.flatMap { entry in
            guard case .configuration(let change) = entry.command.scope else { return nil }
            return AppliedConfiguration(revision: entry.revision, document: change.document)
        }
    }
}
