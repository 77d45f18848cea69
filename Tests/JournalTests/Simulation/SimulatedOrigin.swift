import CacheProtocol
import Journal

/// The origin: the journal on its disk, and the process with the tracker. Steps between which the real desk awaits are
/// events of their own here, so that everything may come in between.
final class SimulatedOrigin {
    struct Member {
        var incarnation: Incarnation
        var node: NodeIdentity
    }

    typealias Reply = (FollowAnswer) -> Void

    // On the disk.
    private(set) var entries: [JournalEntry] = []
    private var grants: [(node: NodeIdentity, incarnation: Incarnation, grant: Grant)] = []
    private var members: [UInt64: Member] = [:]
    private(set) var completed: Set<Revision> = []

    // In the process.
    private var tracker = CommandTracker()
    private var knownHead = Revision.zero
    private var returned: Set<Revision> = []
    private var held: [(request: FollowRequest, reply: Reply)] = []
    private var life = 0
    private(set) var isAlive = false

    private unowned let simulation: Simulation
    private var clock: DriftingClock
    private let lease: UInt64
    private var world: World { simulation.world }
    private var now: DeskInstant { DeskInstant(boot: clock.read(at: world.now), wall: Int64(world.now / 1_000_000)) }

    init(clock: DriftingClock, lease: UInt64, in simulation: Simulation) {
        self.clock = clock
        self.lease = lease
        self.simulation = simulation
    }

    // MARK: Lives

    func start() {
        life += 1
        isAlive = true
        tracker = CommandTracker()
        knownHead = Revision(rawValue: UInt64(entries.count))
        returned = []
        clock.offset += world.random.number(in: 0...1_000_000_000)
        if simulation.bug != .forgetGrantsAtRestart {
            for stored in grants { expect(stored.grant, for: stored.node, stored.incarnation, at: now.boot) }
        }
        for entry in entries where !completed.contains(entry.revision) { tracker.committed(entry.revision, at: now) }
        world.note("the origin starts at \(knownHead)")
        settle()
    }

    func kill() {
        world.note("the origin is killed")
        isAlive = false
        held = []
    }

    private func inThisLife(after delay: UInt64, _ act: @escaping () -> Void) {
        let life = life
        world.after(delay) { [self] in if isAlive, self.life == life { act() } }
    }

    // MARK: Commands

    func submit(_ command: Command) {
        guard isAlive else { return }
        inThisLife(after: world.pause()) { [self] in
            let revision = Revision(rawValue: UInt64(entries.count) + 1)
            entries.append(
                JournalEntry(
                    revision: revision, command: command, issuedAt: now.wall, issuedBy: "",
                    following: simulation.chain(at: Revision(rawValue: revision.rawValue - 1))))
            world.note("\(revision) is committed")
            inThisLife(after: world.pause()) { [self] in
                returned.insert(revision)
                while returned.remove(knownHead.next) != nil { knownHead = knownHead.next }
                answerHeld { $0.applied < knownHead }
                tracker.committed(revision, at: now)
                settle()
            }
        }
    }

    private func settle() {
        let settled = tracker.takeSettled().map(\.revision)
        if !settled.isEmpty {
            inThisLife(after: world.pause()) { [self] in
                completed.formUnion(settled)
                world.note("completed: \(settled.map(\.description).sorted().joined(separator: ", "))")
                simulation.declared(settled)
            }
        }
        guard let next = tracker.nextRunOut else { return }
        let life = life
        world.at(clock.time(of: next)) { [self] in
            guard isAlive, self.life == life, tracker.nextRunOut == next else { return }
            tracker.pass(now)
            settle()
        }
    }

    // MARK: Followers

    func receive(_ request: FollowRequest, _ reply: @escaping Reply) {
        guard isAlive else { return }
        let arrivedAt = now.boot
        if isCurrent(request) { return proceed(request, arrivedAt, reply) }
        guard members[request.node.folder] == nil || request.joins else { return reply(.superseded) }
        inThisLife(after: world.pause()) { [self] in
            let known = members[request.node.folder]
            if let known, known.incarnation != request.incarnation, simulation.bug != .lateJoinEndsSuccessor,
                !request.incarnation.maySucceed(known.incarnation)
            {
                return reply(.superseded)
            }
            members[request.node.folder] = Member(incarnation: request.incarnation, node: request.node)
            let ended = known.flatMap { $0.incarnation == request.incarnation ? nil : $0.incarnation }
            if let ended { grants.removeAll { $0.incarnation == ended } }
            inThisLife(after: world.pause()) { [self] in
                if let ended {
                    world.note("\(request.node) joins with life \(request.incarnation.life); life \(ended.life) ends")
                    tracker.end(ended, at: now.wall)
                    answerHeld { $0.incarnation == ended }
                    settle()
                }
                guard isCurrent(request) else { return reply(.superseded) }
                proceed(request, arrivedAt, reply)
            }
        }
    }

    private func isCurrent(_ request: FollowRequest) -> Bool {
        members[request.node.folder]?.incarnation == request.incarnation
    }

    private func proceed(_ request: FollowRequest, _ arrivedAt: BootInstant, _ reply: @escaping Reply) {
        guard request.applied.rawValue <= UInt64(entries.count), request.chain == simulation.chain(at: request.applied)
        else { return reply(.startOver(simulation.journal)) }
        tracker.acknowledge(request.applied, by: request.incarnation, at: now.wall)
        settle()
        if request.wantsGrant { return grant(request, arrivedAt, reply) }
        if request.applied < knownHead { return answer(request, nil, reply) }
        held.append((request, reply))
        inThisLife(after: request.patience * 1_000_000) { [self] in
            answerHeld { $0.incarnation == request.incarnation }
        }
    }

    private func grant(_ request: FollowRequest, _ arrivedAt: BootInstant, _ reply: @escaping Reply) {
        let late: Set<PlantedBug?> = [.recordGrantAfterAnswer, .recordGrantAfterCommit]
        if !late.contains(simulation.bug) {
            expect(Grant(head: knownHead, duration: lease), for: request.node, request.incarnation, at: arrivedAt)
        }
        inThisLife(after: world.pause()) { [self] in
            guard isCurrent(request) else { return reply(.superseded) }
            let grant = Grant(head: Revision(rawValue: UInt64(entries.count)), duration: lease)
            grants.append((request.node, request.incarnation, grant))
            inThisLife(after: world.pause()) { [self] in
                guard isCurrent(request) else { return reply(.superseded) }
                if simulation.bug == .recordGrantAfterCommit {
                    expect(grant, for: request.node, request.incarnation, at: now.boot)
                }
                answer(request, grant, reply)
                guard simulation.bug == .recordGrantAfterAnswer else { return }
                inThisLife(after: 20 * world.pause()) { [self] in
                    expect(grant, for: request.node, request.incarnation, at: now.boot)
                }
            }
        }
    }

    private func expect(_ grant: Grant, for node: NodeIdentity, _ incarnation: Incarnation, at instant: BootInstant) {
        var grant = grant
        if simulation.bug == .waitWithoutMargin {
            // What is left when the margin is added again is the duration itself.
            grant.duration = (grant.duration - 100) * 100 / 101
        }
        tracker.expect(grant, for: node, incarnation, at: instant)
    }

    private func answerHeld(where applies: (FollowRequest) -> Bool) {
        let due = held.filter { applies($0.request) }
        held.removeAll { applies($0.request) }
        for (request, reply) in due {
            if isCurrent(request) { answer(request, nil, reply) } else { reply(.superseded) }
        }
    }

    private func answer(_ request: FollowRequest, _ grant: Grant?, _ reply: Reply) {
        let first = Int(request.applied.rawValue)
        let batch =
            first < Int(knownHead.rawValue)
            ? Array(entries[first..<min(Int(knownHead.rawValue), first + simulation.settings.batch)]) : []
        reply(.entries(batch, grant: grant))
    }
}
