import CacheProtocol

/// One history of a cluster, decided by a seed, and the checker over it.
///
/// The checker: at no instant may a node be able to answer without having applied a command that was declared
/// Completed. What a node has applied, and until when it may answer, changes only in its own events; so it is asked
/// after each of them, and every node at each declaration. That is every instant.
final class Simulation {
    struct Settings {
        var nodes: Int
        /// Milliseconds.
        var lease: UInt64
        var commands: Int
        /// Per cent of messages.
        var lost: UInt64
        var doubled: UInt64
        var slow: UInt64
        /// Entries in one answer.
        var batch: Int
    }

    let seed: UInt64
    let bug: PlantedBug?
    let world: World
    let journal: JournalID
    private(set) var origin: SimulatedOrigin!
    private var nodes: [SimulatedNode] = []
    let settings: Settings
    private var declared: Set<Revision> = []
    private var newestDeclared = Revision.zero
    private(set) var violation: String?
    private var faultsEnd: UInt64 = 0

    init(seed: UInt64, bug: PlantedBug? = nil, keepsHistory: Bool = false) {
        self.seed = seed
        self.bug = bug
        world = World(seed: seed, keepsHistory: keepsHistory)
        journal = JournalID(Digest128(high: seed, low: 1))
        settings = Settings(
            nodes: Int(world.random.number(in: 1...4)),
            lease: [2_000, 5_000, 20_000, 100_000].randomElement(using: &world.random) ?? 2_000,
            commands: Int(world.random.number(in: 1...20)),
            lost: [0, 0, 5, 20].randomElement(using: &world.random) ?? 0,
            doubled: [0, 10].randomElement(using: &world.random) ?? 0,
            slow: [0, 5, 20].randomElement(using: &world.random) ?? 0, batch: Int(world.random.number(in: 1...3)))
        origin = SimulatedOrigin(clock: clock(), lease: settings.lease, in: self)
        nodes = (1...settings.nodes).map { SimulatedNode($0, clock: clock(), in: self) }
    }

    /// Any two of them run apart by 1 % at the most.
    private func clock() -> DriftingClock {
        let rates = [1, 1.004_97, 1 / 1.004_97]
        return DriftingClock(
            rate: rates.randomElement(using: &world.random) ?? 1, offset: world.random.number(in: 0...10_000_000_000))
    }

    func chain(at revision: Revision) -> ChainDigest {
        revision == .zero ? .root(of: journal) : origin.entries[Int(revision.rawValue) - 1].chain
    }

    // MARK: The network

    /// Brings a message over: perhaps late, twice or never.
    func carry(from node: SimulatedNode, _ deliver: @escaping () -> Void) {
        let copies = world.random.chance(settings.doubled) ? 2 : 1
        for _ in 0..<copies {
            let isLost = world.random.chance(settings.lost) && !isCalm
            let delay =
                world.random.chance(settings.slow)
                ? world.random.number(in: 1_000_000...3_000_000_000) : world.random.number(in: 50_000...3_000_000)
            world.after(delay) { if !isLost, !node.isCutOff { deliver() } }
        }
    }

    // MARK: The checker

    func declared(_ revisions: [Revision]) {
        for revision in revisions {
            declared.insert(revision)
            newestDeclared = max(newestDeclared, revision)
        }
        for node in nodes { check(node) }
    }

    func check(_ node: SimulatedNode) {
        guard node.mayAnswer, let table = node.process?.table else { return }
        for number in table.applied.rawValue + 1..<max(newestDeclared.rawValue, table.applied.rawValue) + 1 {
            guard declared.contains(Revision(rawValue: number)) else { continue }
            fail("\(node.identity) answers with \(table.applied) applied, though \(number) was declared completed")
            return
        }
        // And what it would say of an object that was filled just before.
        guard newestDeclared > .zero else { return }
        let object = ObjectScope(sources: [SourceIdentity(storage: "s", key: "k")], url: Digest128(high: 0, low: 0))
        let before = Revision(rawValue: newestDeclared.rawValue - 1)
        if case .valid = table.verdict(on: object, filledAt: before) {
            fail("\(node.identity) answers with an object that \(newestDeclared) forbids")
        }
    }

    func fail(_ what: String) {
        world.note("VIOLATION: \(what)")
        violation = violation ?? what
    }

    // MARK: A history

    private var isCalm: Bool { world.now >= faultsEnd }

    /// - Returns: what was violated, or nil.
    func run() -> String? {
        let length = settings.lease * 1_000_000 * 3
        faultsEnd = length
        origin.start()
        for node in nodes { world.after(world.random.number(in: 0...500_000_000)) { node.start() } }
        for _ in 0..<settings.commands {
            // Often several at once: a follower then needs more than one answer to come up to the head.
            world.at(world.random.number(in: 0...length)) { [self] in
                for _ in 0..<world.random.number(in: 1...3) { submit() }
            }
        }
        for _ in 0..<Int(world.random.number(in: 0...12)) {
            world.at(world.random.number(in: 0...length)) { [self] in fault(length) }
        }
        world.at(length) { [self] in
            for node in nodes {
                node.isCutOff = false
                if node.process == nil { node.start() }
            }
            if !origin.isAlive { origin.start() }
        }
        // The longest wait is a lease with its margin and drift; the rest is for messages and writes.
        let end = length + settings.lease * 1_000_000 * 11 / 10 + 20_000_000_000
        while violation == nil, world.now < end, world.step() {}
        if violation == nil, declared.count < origin.entries.count {
            fail(
                "\(origin.entries.count - declared.count) commands of \(origin.entries.count) are never completed"
            )
        }
        return violation
    }

    private func submit() {
        let source = SourceIdentity(storage: "s", key: "k")
        let scope: CommandScope = world.random.chance(50) ? .all : .source([source])
        let kind = [CommandKind.hardPurge, .softPurge, .erase].randomElement(using: &world.random) ?? .hardPurge
        origin.submit(Command(kind: kind, scope: scope, label: ""))
    }

    private func fault(_ length: UInt64) {
        guard let node = nodes.randomElement(using: &world.random) else { return }
        let lease = settings.lease * 1_000_000
        let duration =
            world.random.chance(50)
            ? world.random.number(in: 1_000_000...500_000_000) : world.random.number(in: lease / 4...lease * 3 / 2)
        switch world.random.next() % 6 {
        case 0:
            node.kill()
            world.after(min(duration, 500_000_000)) { if node.process == nil { node.start() } }
        case 4:
            // A process that falls again at once: its join may still be on its way when the next one joins.
            for time in 0..<3 as Range<UInt64> {
                world.after(time * 40_000_000) {
                    node.kill()
                    node.start()
                }
            }
        case 1: node.stop(for: duration)
        case 2, 3:
            world.note("\(node.identity) is cut off")
            node.isCutOff = true
            world.after(duration) { [self] in
                world.note("\(node.identity) is reached again")
                node.isCutOff = false
            }
        default:
            guard origin.isAlive else { return }
            origin.kill()
            world.after(min(duration, 3_000_000_000)) { [self] in if !origin.isAlive { origin.start() } }
        }
    }
}
