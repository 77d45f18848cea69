import CacheProtocol

/// One life of a node: its part in the protocol. Mirrors NodeAgent: every await there is a step of its own here, so that
/// everything may come in between. How it asks stands in NodeProcess+Following, what it makes of the answers in
/// NodeProcess+News.
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

    var joins = true
    var renewAt = BootInstant(nanoseconds: 0)
    /// Applied, on the disk, past the barrier.
    var acknowledged: Revision
    var turn = 0
    var givesUpAt = UInt64.max
    var pause: UInt64 = 50
    var appliedWaiters: [(revision: Revision, resume: () -> Void)] = []
    var isDestroying = false
    var sweepIsDue = false

    var world: World { simulation.world }
    var bug: PlantedBug? { simulation.bug }
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

    /// Nothing happens any more: what still waits holds on to this.
    func end() {
        die(losingPower: false)
        appliedWaiters = []
        for cache in caches { cache.end() }
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

    // MARK: What edge and origin do in their own ways

    /// Asks the desk; nil when no answer came.
    /// - Parameter acknowledged: what the node has applied, synced, and has behind its barrier. The request's own `applied` is
    ///   what it has on its disk.
    func ask(_ request: FollowRequest, acknowledging acknowledged: Revision, _ answer: @escaping (FollowAnswer?) -> Void) {}

    /// Makes every answer that was decided before visible to `abort`.
    func barrier(_ then: @escaping () -> Void) { then() }
    func abort(_ erasures: [Erasure]) {}
    /// Serves by this configuration or a later one, then says true.
    func configure(_ wanted: AppliedConfiguration, _ then: @escaping (Bool) -> Void) { then(true) }
}
