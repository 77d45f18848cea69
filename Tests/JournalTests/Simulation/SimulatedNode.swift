import CacheProtocol

/// A node: its disk, and the process that lives on it for a while. Uses the machines of CacheProtocol as they are.
final class SimulatedNode {
    /// Of one life.
    struct Process {
        var incarnation: Incarnation
        var table: RuleTable
        var holder = LeaseHolder()
        var persisted: Revision
        var joins = true
        var renewAt = BootInstant(nanoseconds: 0)
        var lastRequest: UInt64 = 0
        /// Only the planted bug claims more than was persisted.
        var claimed: (revision: Revision, chain: ChainDigest)?
    }

    let identity: NodeIdentity
    private(set) var process: Process?
    private unowned let simulation: Simulation
    private var clock: DriftingClock
    /// What is on the disk.
    private var log: [JournalEntry] = []
    private var life: UInt32 = 0
    private var pausedUntil: UInt64 = 0
    /// Neither asks nor is answered.
    var isCutOff = false

    private var world: World { simulation.world }

    init(_ number: Int, clock: DriftingClock, in simulation: Simulation) {
        identity = NodeIdentity(name: "node-\(number)", folder: UInt64(number), role: .edge)
        self.clock = clock
        self.simulation = simulation
    }

    var localNow: BootInstant { clock.read(at: world.now) }

    /// Whether a request that it received now would be answered.
    var mayAnswer: Bool {
        guard let process, world.now >= pausedUntil else { return false }
        return localNow < process.holder.answersUntil
    }

    // MARK: Lives

    func start() {
        life += 1
        var table = RuleTable(journal: simulation.journal)
        for entry in log { try? table.apply(entry) }
        process = Process(incarnation: Incarnation(life: life), table: table, persisted: table.applied)
        world.note("\(identity) starts its life \(life) with \(table.applied) applied")
        send()
    }

    func kill() {
        world.note("\(identity) is killed")
        process = nil
        pausedUntil = 0
    }

    func stop(for duration: UInt64) {
        guard process != nil else { return }
        world.note("\(identity) is stopped")
        pausedUntil = world.now + duration
        inThisLife(after: duration) { [self] in
            world.note("\(identity) goes on")
            simulation.check(self)
        }
    }

    /// Does `act` later, if this process still lives then; a stopped one does it when it goes on.
    private func inThisLife(after delay: UInt64, _ act: @escaping () -> Void) {
        let life = life
        world.after(delay) { [self] in
            guard self.life == life, process != nil else { return }
            if world.now < pausedUntil { return inThisLife(after: pausedUntil - world.now, act) }
            act()
        }
    }

    // MARK: Following

    private func send() {
        guard var process else { return }
        process.lastRequest += 1
        let number = process.lastRequest
        let sentAt = localNow
        let wantsGrant = sentAt >= process.renewAt
        let claimed = process.claimed ?? (process.persisted, simulation.chain(at: process.persisted))
        let request = FollowRequest(
            node: identity, incarnation: process.incarnation, joins: process.joins, journal: simulation.journal,
            applied: claimed.revision, chain: claimed.chain, wantsGrant: wantsGrant,
            patience: world.random.number(in: 100...max(1_000, simulation.settings.lease / 10)))
        self.process = process
        // An answer goes to the process that asked, or nowhere.
        let life = life
        simulation.carry(from: self) { [self] in
            simulation.origin.receive(request) { [self] answer in
                simulation.carry(from: self) { [self] in
                    guard self.life == life else { return }
                    inThisLife(after: 0) { [self] in receive(answer, to: number, sentAt: sentAt) }
                }
            }
        }
        inThisLife(after: (request.patience + 500) * 1_000_000) { [self] in
            if self.process?.lastRequest == number { send() }
        }
    }

    /// An answer may come late, twice, or after one that was asked for later.
    private func receive(_ answer: FollowAnswer, to number: UInt64, sentAt: BootInstant) {
        switch answer {
        case .startOver: simulation.fail("\(identity) is told to start over on its own journal")
        case .reconfigured: simulation.fail("\(identity) is told of a configuration that it has none of")
        case .superseded:
            process?.holder.surrender()
            kill()
            world.after(10_000_000) { [self] in if process == nil { start() } }
        case .entries(let entries, let grant):
            process?.joins = false
            let receivedAt = localNow
            if simulation.bug == .acknowledgeBeforeApply, let last = entries.last, last.revision > claimedRevision {
                process?.claimed = (last.revision, last.chain)
                send()
            }
            inThisLife(after: world.pause()) { [self] in
                apply(entries)
                let applied = process?.table.applied ?? .zero
                inThisLife(after: world.pause()) { [self] in
                    persist(through: applied)
                    let countedFrom = simulation.bug == .countFromReceipt ? receivedAt : sentAt
                    use(grant, requestedAt: countedFrom, applied)
                    if process?.lastRequest == number { send() }
                }
            }
        }
    }

    private var claimedRevision: Revision {
        process?.claimed?.revision ?? process?.persisted ?? .zero
    }

    private func apply(_ entries: [JournalEntry]) {
        guard let before = process?.table.applied else { return }
        for entry in entries where entry.revision > before {
            // A gap: entries that an answer on its way will bring.
            do { try process?.table.apply(entry) } catch { break }
        }
        if let applied = process?.table.applied, applied > before { world.note("\(identity) has applied \(applied)") }
    }

    private func persist(through revision: Revision) {
        while log.count < Int(revision.rawValue) { log.append(simulation.origin.entries[log.count]) }
        process?.persisted = Revision(rawValue: UInt64(log.count))
    }

    private func use(_ grant: Grant?, requestedAt: BootInstant, _ applied: Revision) {
        process?.holder.apply(through: applied)
        if var grant {
            let renewAt = requestedAt.advanced(byMilliseconds: grant.duration / 3)
            if let current = process?.renewAt, current < renewAt { process?.renewAt = renewAt }
            if simulation.bug == .useGrantBeforeItsHead { grant.head = .zero }
            process?.holder.receive(grant, requestedAt: requestedAt)
            world.note("\(identity) holds a grant of head \(grant.head)")
        }
        simulation.check(self)
    }
}
