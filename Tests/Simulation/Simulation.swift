import CacheProtocol
import Journal

/// One history of a cluster, decided by a seed, and the checker over it (Simulation+Checker).
///
/// The machines are the product's own: RuleTable, RuleBook, RuleSnapshot, LeaseHolder, LeaseGate, LeaseLedger, JournalEntry,
/// Incarnation, CommandTracker, CommandProgress, FillTable. What stands around them in the product awaits disks, networks
/// and threads; here each such wait is an event.
final class Simulation {
    let seed: UInt64
    let bug: PlantedBug?
    let world: World
    var settings: SimulationSettings
    let noJournal = JournalID(Digest128(high: 1, low: 0))

    private(set) var hosts: [Host] = []
    var originHost: Host { hosts[0] }
    var originProcess: OriginProcess? { hosts[0].process as? OriginProcess }
    /// All that ever ran.
    var processes: [NodeProcess] = []
    let storage: SimulatedStorage

    var database: JournalDatabase
    var backup: JournalDatabase?
    var configurations: [SimulatedConfiguration] = []
    private var lastFolder: UInt64 = 0
    /// Data folders that will never come back.
    var lostFolders: [UInt64] = []

    // The checker's.
    var orders: [Order] = []
    var completedOrders: [Int] = []
    var erasesToRemove: [Revision] = []
    var violation: String?
    var answers = 0
    var openRequests: [Int: ClientRequest] = [:]
    var lastRequest = 0
    var lastAppendedAt: UInt64 = 0
    /// When everybody was asked for everything, since all was settled.
    var askedAt = UInt64.max
    var isCalm = false

    init(seed: UInt64, bug: PlantedBug? = nil, keepsHistory: Bool = false) {
        (self.seed, self.bug) = (seed, bug)
        world = World(seed: seed, keepsHistory: keepsHistory)
        settings = SimulationSettings(&world.random)
        bug?.sharpen(&settings)
        storage = SimulatedStorage(world)
        database = JournalDatabase(id: JournalID(Digest128(high: seed, low: 2)))
        configurations = [
            SimulatedConfiguration(number: 0, leases: settings.leases, storages: [[0, 1], [1]], definition: 0)
        ]
        for number in 0...settings.edges {
            hosts.append(
                Host(
                    number, role: number == 0 ? .origin : .edge, clock: clock(),
                    folder: DataFolderContents(identity: newFolder(), caches: number == 0 ? 2 : 1), world))
        }
    }

    /// Any two of them run apart by 1 % at the most.
    private func clock() -> SimulatedClock {
        SimulatedClock(
            rate: world.random.pick([1, 1.004_97, 1 / 1.004_97]), offset: world.random.number(in: 0...10_000_000_000))
    }

    func newFolder() -> UInt64 {
        lastFolder += 1
        return lastFolder
    }

    // MARK: Configurations

    func configuration(_ document: String) -> SimulatedConfiguration {
        configurations[Int(document) ?? 0]
    }

    /// The last that is completed, and all later ones.
    func configurationsInForce(_ database: JournalDatabase) -> [SimulatedConfiguration] {
        var found: [SimulatedConfiguration] = []
        for (entry, order) in zip(database.entries, database.orders).reversed() {
            guard case .configuration(let configuration, _, _) = orders[order].aim else { continue }
            found.append(configuration)
            if database.completed.contains(entry.revision) { return found }
        }
        // Before the first the configuration file of the origin decides.
        return found + [configurations[0]]
    }

    func journalOrders(through revision: Revision) -> [Order] {
        database.orders.prefix(Int(revision.rawValue)).map { orders[$0] }
    }

    // MARK: The network

    /// Brings a message over between an edge and the origin, whichever sends: perhaps late, twice or never.
    func send(from host: Host, _ deliver: @escaping () -> Void) {
        let copies = world.random.chance(settings.doubled) ? 2 : 1
        for _ in 0..<copies {
            if !isCalm, host.isCutOff || world.random.chance(settings.lost) { continue }
            let delay =
                world.random.chance(settings.slow)
                ? world.random.number(in: 1_000_000...2_500_000_000) : world.random.number(in: 50_000...2_000_000)
            world.after(delay) { [self] in if isCalm || !host.isCutOff { deliver() } }
        }
    }

    // MARK: A history

    /// - Returns: what was violated, or nil.
    func run() -> String? {
        play()
        world.end()
        for process in processes { process.end() }
        return violation
    }

    private func play() {
        start(originHost)
        for host in hosts.dropFirst() { world.after(world.random.number(in: 0...300_000_000)) { [self] in start(host) } }
        for _ in 0..<settings.commands {
            world.at(world.random.number(in: 0...settings.length)) { [self] in
                for _ in 0..<1 + world.random.index(below: 2) { command() }
            }
        }
        for _ in 0..<settings.requests {
            world.at(world.random.number(in: 500_000_000...settings.length)) { [self] in
                request(anyTarget(), to: anyEdge(), copies: world.random.pick([1, 1, 1, 3]))
            }
        }
        if !settings.faults.isEmpty {
            for _ in 0..<settings.faultCount {
                world.at(world.random.number(in: 0...settings.length)) { [self] in fault(world.random.pick(settings.faults)) }
            }
        }
        for _ in 0..<world.random.index(below: 10) {
            world.at(world.random.number(in: 0...settings.length)) { [self] in storage.change() }
        }
        world.at(settings.length) { [self] in becomeCalm() }
        // The longest wait is a lease with its margin, drift and a pause; the rest is for messages and writes.
        let end = settings.length + settings.longestLease * 1_600_000 + 15_000_000_000
        var isAsked = false
        while violation == nil, world.now < end, world.step() {
            if isCalm, !isAsked, world.eventCount & 15 == 0, isSettled {
                isAsked = true
                askForAll()
            }
            if isAsked, openRequests.isEmpty, isSettled { break }
        }
        if violation == nil { checkTheEnd(isAsked: isAsked) }
    }
}
