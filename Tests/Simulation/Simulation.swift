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
    private(set) var settings: SimulationSettings
    let noJournal = JournalID(Digest128(high: 1, low: 0))

    private(set) var hosts: [Host] = []
    var originHost: Host { hosts[0] }
    var originProcess: OriginProcess? { hosts[0].process as? OriginProcess }
    let storage: SimulatedStorage

    var database: JournalDatabase
    private var backup: JournalDatabase?
    private var configurations: [SimulatedConfiguration] = []
    private var lastFolder: UInt64 = 0
    /// Data folders that will never come back.
    private var lostFolders: [UInt64] = []

    // The checker's.
    var orders: [Order] = []
    var completedOrders: [Int] = []
    var erasesToRemove: [Revision] = []
    var violation: String?
    var answers = 0
    var openRequests: [Int: ClientRequest] = [:]
    private var lastRequest = 0
    var lastAppendedAt: UInt64 = 0
    /// When everybody was asked for everything, since all was settled.
    private(set) var askedAt = UInt64.max
    private(set) var isCalm = false

    init(seed: UInt64, bug: PlantedBug? = nil, keepsHistory: Bool = false) {
        (self.seed, self.bug) = (seed, bug)
        world = World(seed: seed, keepsHistory: keepsHistory)
        settings = SimulationSettings(&world.random)
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

    private func newFolder() -> UInt64 {
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
        for host in hosts {
            host.process?.die(losingPower: false)
            host.lingering?.die(losingPower: false)
        }
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

    private func becomeCalm() {
        world.note("world", "the faults end")
        isCalm = true
        storage.failing = 0
        (settings.pausesAtATick, settings.slow, settings.lost, settings.doubled) = (0, 0, 0, 0)
        for host in hosts {
            (host.isCutOff, host.diskFailures, host.isGone) = (false, 0, false)
            if host.process == nil { start(host) }
        }
        forgetLostFolders()
    }

    /// As an operator has to: nobody else knows that they are gone.
    private func forgetLostFolders() {
        lostFolders.removeAll { database.members[$0]?.isExpelled ?? true }
        guard !lostFolders.isEmpty else { return }
        for folder in lostFolders { submit(.forget, .node(folder)) }
        world.after(1_000_000_000) { [self] in forgetLostFolders() }
    }

    private var isSettled: Bool { unsettled == nil }

    /// What is still to happen before every command is completed, every erase removed, and every node up to date.
    var unsettled: String? {
        if database.completed.count < database.entries.count { return "commands are open" }
        if let revision = erasesToRemove.first { return "what \(revision) erased is not removed" }
        if !lostFolders.isEmpty { return "folders \(lostFolders) are not forgotten" }
        for host in hosts {
            guard let process = host.process, process.configuration != nil else { return "\(host.name) has no configuration" }
            if process.disk.applied != database.head { return "\(host.name) has applied \(process.disk.applied)" }
        }
        return nil
    }

    // MARK: Lives

    func start(_ host: Host) {
        guard host.process == nil, !host.isGone else { return }
        // The folder's lock is held by a process that has not ended yet.
        if host.folder.owner != nil, bug != .oldIncarnationStillServing { return restartLater(host) }
        let process = host.role == .origin ? OriginProcess(on: host, in: self) : EdgeProcess(on: host, in: self)
        host.process = process
        process.start()
        if host.role == .origin { seedConfiguration() }
    }

    /// The origin's own file is the first configuration: mirrors ConfigurationSeed.
    private func seedConfiguration() {
        guard originProcess != nil, !database.entries.contains(where: { $0.command.kind == .configure }) else { return }
        submit(.configure, .configuration(configurations[0], revokedStorages: [], revokedEndpoints: []))
        world.after(1_000_000_000) { [self] in seedConfiguration() }
    }

    func restartLater(_ host: Host) {
        world.after(world.random.number(in: 5_000_000...400_000_000)) { [self] in start(host) }
    }

    private func kill(_ host: Host) {
        guard let process = host.process else { return }
        let losesPower = world.random.chance(40)
        process.note(losesPower ? "loses power" : "is killed")
        process.die(losingPower: losesPower)
        if host.role == .origin, losesPower { database.losePower() }
    }

    func pauseLength() -> UInt64 {
        let lease = settings.longestLease * 1_000_000
        return world.random.chance(50)
            ? world.random.number(in: 1_000_000...500_000_000) : world.random.number(in: lease / 4...lease * 3 / 2)
    }

    private func anyEdge() -> Host { hosts[1 + world.random.index(below: settings.edges)] }

    // MARK: Faults

    private func fault(_ fault: SimulationSettings.Fault) {
        let host = anyEdge()
        let duration = pauseLength()
        switch fault {
        case .killEdge:
            kill(host)
            restartLater(host)
        case .killEdgeOften:
            // A process that falls again at once: its join may still be on its way when the next one joins.
            for time in 0..<3 as Range<UInt64> {
                world.after(time * 30_000_000) { [self] in
                    kill(host)
                    start(host)
                }
            }
        case .killOrigin:
            kill(originHost)
            restartLater(originHost)
        case .lingerOn: linger(host)
        case .cutOff:
            world.note(host.name, "is cut off for \(duration / 1_000_000) ms")
            host.isCutOff = true
            world.after(duration) { [self] in
                world.note(host.name, "is reached again")
                host.isCutOff = false
            }
        case .pause: host.process?.stop(for: duration)
        case .pauseOrigin: originHost.process?.stop(for: min(duration, 2_000_000_000))
        case .disk: fail(host, for: duration)
        case .originDisk: fail(originHost, for: min(duration, 2_000_000_000))
        case .storageFails:
            storage.failing = 60
            world.after(duration) { [self] in storage.failing = 0 }
        case .restore: restore()
        case .clone: clone(host)
        case .wallClock: setClock(world.random.chance(20) ? originHost : host)
        case .fold: originProcess?.desk.fold()
        case .evict: for host in hosts { host.process?.caches.forEach { $0.evict() } }
        case .leaveForGood: leaveForGood(host)
        case .forget:
            if world.random.chance(50) { host.isCutOff = true; world.after(duration) { host.isCutOff = false } }
            submit(.forget, .node(host.folder.identity))
        case .change: storage.change()
        }
    }

    private func fail(_ host: Host, for duration: UInt64) {
        world.note(host.name, "has a failing disk")
        host.diskFailures = world.random.pick([30, 100])
        world.after(duration) { host.diskFailures = 0 }
    }

    private func setClock(_ host: Host) {
        let error = Int64(world.random.number(in: 0...7_200_000_000_000)) - 3_600_000_000_000
        world.note(host.name, "has its wall clock set by \(error / 1_000_000) ms")
        host.clock.wallError = error
    }

    /// The process is replaced, but goes on answering for a moment.
    private func linger(_ host: Host) {
        guard let process = host.process as? EdgeProcess else { return }
        process.note("is replaced, and lingers on")
        process.isLingering = true
        host.process = nil
        host.lingering = process
        world.after(world.random.number(in: 100_000_000...3_000_000_000)) {
            process.note("is gone now")
            process.die(losingPower: false)
            host.lingering = nil
        }
        world.after(50_000_000) { [self] in start(host) }
    }

    private func restore() {
        guard let backup else {
            world.note("operator", "makes a backup of the journal at \(database.head)")
            return backup = database
        }
        kill(originHost)
        world.note("operator", "restores the journal of \(backup.head)")
        database = backup
        self.backup = world.random.chance(50) ? backup : nil
        let kept = Set(database.orders)
        for index in orders.indices where !kept.contains(index) { orders[index].isLost = true }
        completedOrders.removeAll { orders[$0].isLost }
        for (place, number) in database.orders.enumerated() {
            orders[number].revision = Revision(rawValue: UInt64(place + 1))
        }
        erasesToRemove.removeAll { $0 > database.head }
        restartLater(originHost)
        guard world.random.chance(40) else { return }
        // Operators start things twice.
        world.after(world.random.number(in: 500_000_000...3_000_000_000)) { [self] in
            kill(originHost)
            restartLater(originHost)
        }
    }

    /// The disk of one edge is copied to the machine of another.
    private func clone(_ host: Host) {
        let other = anyEdge()
        guard other !== host else { return }
        kill(other)
        other.lingering?.die(losingPower: false)
        lostFolders.append(other.folder.identity)
        let identity = bug == .cloneKeepsItsIdentity ? host.folder.identity : newFolder()
        other.folder = host.folder.copy(identity: identity)
        if identity != host.folder.identity { other.folder.life = 0 }
        world.note(other.name, "has got a copy of the data folder of \(host.name)")
        restartLater(other)
    }

    private func leaveForGood(_ host: Host) {
        guard !host.isGone, host.lingering == nil else { return }
        kill(host)
        host.isGone = true
        world.note("operator", "declares \(host.name) dead")
        submit(.declareDead, .node(host.folder.identity))
    }

    // MARK: Commands

    private func submit(_ kind: CommandKind, _ aim: Order.Aim) {
        let inForce = configurationsInForce(database)
        let order = Order(
            number: orders.count, kind, aim, sites: endpoints(of: aim, inForce), resolvedAt: database.head, issuedAt: world.now)
        orders.append(order)
        guard let origin = originProcess else { return world.note("operator", "\(order.words): there is no origin") }
        world.note("operator", order.words)
        origin.later(100_000) { [self] in
            origin.desk.submit(order) { [self] revision in
                world.note("operator", "order \(order.number) is \(revision.map { "revision \($0)" } ?? "of unknown fate")")
                if let revision { orders[order.number].isAcknowledged = true; orders[order.number].revision = revision }
            }
        }
    }

    /// The endpoints through which what the command forbids may leave; none for all.
    private func endpoints(of aim: Order.Aim, _ inForce: [SimulatedConfiguration]) -> [Int] {
        let storages: [Int]
        switch aim {
        case .url(let named, _, _), .source(let named, _), .prefix(let named, _): storages = named
        case .endpoint(let endpoint): return [endpoint]
        case .tag, .all, .configuration, .node: return []
        }
        let considered = bug == .sitesOfTheNewestConfiguration ? Array(inForce.prefix(1)) : inForce
        let reached = considered.flatMap { configuration in storages.flatMap { configuration.reaches($0) } }
        return Array(Set(reached)).sorted()
    }

    private func command() {
        let image = world.random.index(below: settings.images)
        let storages = world.random.pick([[0, 1], [0, 1], [1], [0]])
        switch world.random.index(below: 20) {
        case 0...3: submit(purge(), .source(storages: storages, image: image))
        case 4...6: submit(purge(), .url(storages: storages, image: image, recipe: world.random.index(below: Catalogue.recipes)))
        case 7, 8: submit(purge(), .prefix(storages: storages, folder: Catalogue.folder(of: image)))
        case 9...11: submit(purge(), .tag(world.random.index(below: Catalogue.tags.count)))
        case 12: submit(purge(), .endpoint(world.random.index(below: Catalogue.endpoints)))
        case 13: submit(purge(), .all)
        case 14...16 where settings.erases: submit(.erase, .source(storages: [0, 1], image: image))
        case 17, 18: submit(.lift, .source(storages: [0, 1], image: image))
        default: configure()
        }
    }

    private func purge() -> CommandKind { world.random.chance(60) ? .hardPurge : .softPurge }

    private func configure() {
        guard let old = configurations.last else { return }
        // What a command means is looked up before it is known which of the two comes first.
        if world.random.chance(30) {
            submit(purge(), .source(storages: [1], image: world.random.index(below: settings.images)))
            let (host, duration) = (anyEdge(), pauseLength())
            world.after(world.random.number(in: 500_000...6_000_000)) { host.isCutOff = true }
            world.after(duration) { host.isCutOff = false }
        }
        var new = old
        new.number = configurations.count
        var (storages, endpoints): ([Int], [Int]) = ([], [])
        switch world.random.index(below: 4) {
        case 0:
            let short = settings.longestLease / 3
            new.leases = (0..<Catalogue.endpoints).map { _ in world.random.pick([short, short, short * 2, short * 3]) }
        case 1: new.definition = 1 - new.definition
        case 2:
            if old.storages[0] == [0, 1] { (new.storages[0], storages) = ([1], [0]) } else { new.storages[0] = [0, 1] }
        default:
            if old.storages[1] != nil { (new.storages[1], endpoints) = (nil, [1]) } else { new.storages[1] = [1] }
        }
        configurations.append(new)
        submit(.configure, .configuration(new, revokedStorages: storages, revokedEndpoints: endpoints))
    }

    // MARK: Clients

    private func anyTarget() -> Target {
        Target(
            endpoint: world.random.chance(70) ? 0 : 1, image: world.random.index(below: settings.images),
            recipe: world.random.index(below: Catalogue.recipes + 1), format: world.random.index(below: Catalogue.formats))
    }

    func request(_ target: Target, to host: Host, copies: Int = 1, isLast: Bool = false) {
        for _ in 0..<copies {
            lastRequest += 1
            let request = ClientRequest(number: lastRequest, target: target, sentAt: world.now, isLast: isLast)
            if isLast {
                openRequests[request.number] = request
                // Clients give up and ask again.
                world.after(6_000_000_000) { [self] in
                    if openRequests.removeValue(forKey: request.number) != nil { self.request(target, to: host, isLast: true) }
                }
            }
            world.after(world.random.number(in: 10_000...300_000)) {
                let process = host.lingering ?? host.process as? EdgeProcess
                if let process, process.isAlive { process.receive(request) }
            }
        }
    }

    /// Asks for what a command is about, as an operator does who looks whether it has worked.
    func look(at order: Order) {
        guard !isCalm else { return }
        var target = anyTarget()
        switch order.aim {
        case .url(_, let image, let recipe): (target.image, target.recipe) = (image, recipe)
        case .source(_, let image): target.image = image
        case .endpoint(let endpoint): target.endpoint = endpoint
        default: break
        }
        for host in hosts.dropFirst() {
            let delay = world.random.chance(60) ? 1 : world.random.number(in: 1...settings.longestLease * 1_000_000)
            world.after(delay) { [self] in
                target.format = world.random.index(below: Catalogue.formats)
                request(target, to: host)
            }
        }
    }

    /// Once all is calm everybody is served again.
    private func askForAll() {
        askedAt = world.now
        for host in hosts.dropFirst() {
            for image in 0..<settings.images {
                request(
                    Target(endpoint: 0, image: image, recipe: world.random.index(below: Catalogue.recipes), format: 0), to: host,
                    isLast: true)
            }
        }
    }
}
