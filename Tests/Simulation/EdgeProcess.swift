import CacheProtocol

/// One life of an edge: how it answers clients. Mirrors EdgeService (`respond`, `fetch`, `failed`) and the front's hooks
/// (EdgeFront, CurrentConfiguration).
final class EdgeProcess: NodeProcess {
    private var inbox: [ClientRequest] = []
    private var isTicking = false
    private var sending: [Int: (request: ClientRequest, image: CachedImage, isStale: Bool)] = [:]
    private var lastAnswer = 0
    /// Decided, and not yet where `abort` finds them.
    private var deciding = 0
    private var barriers: [() -> Void] = []

    private var cache: SimulatedCache { caches[0] }

    /// An old process that nobody looks after any more goes on answering for a while.
    var isLingering = false

    // MARK: Requests

    /// The request's bytes are in the socket.
    func receive(_ request: ClientRequest) {
        if !isStopped, simulation.settings.pausesAtATick == 0, bug != .leaseByCachedTick {
            return respond(to: request, receivedAt: host.boot)
        }
        inbox.append(request)
        guard !isTicking else { return }
        isTicking = true
        later(world.random.number(in: 1_000...30_000)) { [self] in
            let tick = host.boot
            if world.random.index(below: 1000) < simulation.settings.pausesAtATick {
                stop(for: simulation.pauseLength())
            }
            later(1_000) { [self] in
                isTicking = false
                let batch = inbox
                inbox = []
                for request in batch { respond(to: request, receivedAt: bug == .leaseByCachedTick ? tick : host.boot) }
            }
        }
    }

    private func respond(to request: ClientRequest, receivedAt: BootInstant) {
        guard let configuration, mayAnswer(request, at: receivedAt) else { return refuse(request, 503) }
        guard let wanted = configuration.read(request.target) else { return refuse(request, 404) }
        if rules.tombstone(on: wanted) != nil { return refuse(request, 410) }
        switch cache.lookup(wanted.key) {
        case .hit(let image, let staleBy):
            if (staleBy == nil || bug == .softPurgeIgnored), isFresh(image) { return answer(request, image, isStale: false) }
            fetch(wanted, request, holding: image)
        case .miss:
            fetch(wanted, request, holding: nil)
        }
    }

    private func mayAnswer(_ request: ClientRequest, at now: BootInstant) -> Bool {
        mayAnswer(through: request.target.endpoint, at: now)
    }

    private func mayAnswer(through endpoint: Int, at now: BootInstant) -> Bool {
        let known = bug == .leasesOfALaterConfiguration ? configuration?.leases : leases
        return gate.mayAnswer(at: now, lease: bug == .grantUsedAtEveryEndpoint ? .max : known?[endpoint] ?? 0)
    }

    private func fetch(_ wanted: Wanted, _ request: ClientRequest, holding old: CachedImage?) {
        step { [self] in attempt(wanted, request, holding: old, triesLeft: 6) }
    }

    private func attempt(_ wanted: Wanted, _ request: ClientRequest, holding old: CachedImage?, triesLeft: Int) {
        guard triesLeft > 0 else { return refuse(request, 503) }
        let standing = rules.standing(of: wanted)
        if standing.tombstone != nil { return refuse(request, 410) }
        let minRevision = bug == .fillWithoutMinRevision ? .zero : standing.joinFrom
        cache.object(
            for: wanted.key, newestMatch: standing.newestMatch, joinFrom: standing.joinFrom,
            accepting: { [self] image, staleBy in staleBy == nil && isFresh(image) },
            fill: { [self] done in fill(wanted, minRevision, done) },
            then: { [self] result in
                switch result {
                case .failure(let failure) where failure.isOtherReading:
                    // One of the two is about to learn a new configuration.
                    later(10_000_000 << UInt64(6 - triesLeft)) { [self] in
                        guard let again = configuration?.read(request.target) else { return refuse(request, 404) }
                        attempt(again, request, holding: again.key == wanted.key ? old : nil, triesLeft: triesLeft - 1)
                    }
                case .failure(let failure):
                    if let old, failure.status >= 500, mayStandIn(old, request) {
                        return answer(request, old, isStale: true)
                    }
                    refuse(request, failure.status)
                case .object(let image, _):
                    guard mayAnswer(request, at: host.boot) else { return refuse(request, 503) }
                    if skipsTheSecondLook ? rules.tombstone(on: wanted) != nil : isForbidden(image) {
                        return attempt(wanted, request, holding: old, triesLeft: triesLeft - 1)
                    }
                    answer(request, image, isStale: false)
                }
            })
    }

    private func isForbidden(_ image: CachedImage) -> Bool {
        if case .refused = rules.check(image).verdict { return true }
        return false
    }

    /// Planted: a rule that is kept before the fill and after it is kept nowhere.
    private var skipsTheSecondLook: Bool {
        switch bug {
        case .joinOfAnOlderFill, .fillWithoutMinRevision, .tagUnknownAtFill, .ruleDroppedUnderRunningFill: true
        default: false
        }
    }

    private func fill(_ wanted: Wanted, _ minRevision: Revision, _ done: @escaping (Result<SimulatedCache.Filled, Failure>) -> Void) {
        guard mayAnswer(through: wanted.target.endpoint, at: host.boot) || bug == .fillWithoutLease else {
            return done(.failure(Failure(status: 503)))
        }
        var isDone = false
        func once(_ result: Result<SimulatedCache.Filled, Failure>) {
            guard !isDone else { return }
            isDone = true
            done(result)
        }
        // The origin's floor may be lower: it would go on answering with what this node must refuse.
        let leastFill = bug == .floorNotInTheQuestion ? .zero : rules.book.read { $0.floor }
        simulation.send(from: host) { [self] in
            guard let origin = simulation.originProcess, !origin.isStopped else { return }
            origin.answer(wanted, minRevision, leastFill: leastFill) { [self] result in
                simulation.send(from: host) { [self] in
                    whenAwake { [self] in
                        once(result.map { SimulatedCache.Filled(image: $0.copy(bornAt: host.wall)) })
                    }
                }
            }
        }
        later(3_000_000_000) { once(.failure(Failure(status: 503))) }
    }

    private func isFresh(_ image: CachedImage) -> Bool {
        host.wall - image.bornAt < image.maxAge
    }

    /// A copy that is only too old may stand in for an origin that can't be reached; one that a command forbids never.
    private func mayStandIn(_ old: CachedImage, _ request: ClientRequest) -> Bool {
        guard old.status == 200, host.wall - old.bornAt < old.maxAge + old.staleIfError else { return false }
        if bug != .purgedStandsIn, isForbidden(old) { return false }
        return mayAnswer(request, at: host.boot)
    }

    // MARK: Answers

    private func refuse(_ request: ClientRequest, _ status: Int) {
        simulation.answered(request, by: self, status: status, image: nil, isStale: false)
    }

    private func answer(_ request: ClientRequest, _ image: CachedImage, isStale: Bool) {
        guard image.status == 200 else {
            return simulation.answered(request, by: self, status: image.status, image: image, isStale: isStale)
        }
        if !simulation.settings.erases {
            return simulation.answered(request, by: self, status: 200, image: image, isStale: isStale)
        }
        deciding += 1
        lastAnswer += 1
        let number = lastAnswer
        later(world.random.chance(95) ? world.random.number(in: 1_000...40_000) : world.pause()) { [self] in
            sending[number] = (request, image, isStale)
            deciding -= 1
            if deciding == 0 {
                let passed = barriers
                barriers = []
                for passed in passed { passed() }
            }
            let length = world.random.chance(90) ? world.random.number(in: 50_000...3_000_000) : world.random.number(in: 10_000_000...900_000_000)
            later(length) { [self] in
                guard let sent = sending.removeValue(forKey: number) else { return }
                simulation.answered(sent.request, by: self, status: 200, image: sent.image, isStale: sent.isStale)
            }
        }
    }

    override func end() {
        super.end()
        barriers = []
    }

    override func barrier(_ then: @escaping () -> Void) {
        if deciding == 0 || bug == .noBarrierBeforeDestroying { return then() }
        barriers.append(then)
    }

    override func abort(_ erasures: [Erasure]) {
        guard bug != .answersGoOnAfterErase else { return }
        for (number, sent) in sending where erasures.contains(where: { sent.image.isErased(by: $0) }) {
            sending[number] = nil
        }
    }

    // MARK: The protocol

    override func ask(_ request: FollowRequest, acknowledging acknowledged: Revision, _ answer: @escaping (FollowAnswer?) -> Void) {
        guard !isLingering else { return }
        simulation.send(from: host) { [self] in
            guard let origin = simulation.originProcess else { return }
            origin.receive(request, acknowledged) { [self] reply in
                simulation.send(from: host) { [self] in whenAwake { answer(reply) } }
            }
        }
    }

    override func configure(_ wanted: AppliedConfiguration, _ then: @escaping (Bool) -> Void) {
        var isDone = false
        func once(_ result: Bool) {
            guard !isDone else { return }
            isDone = true
            then(result)
        }
        simulation.send(from: host) { [self] in
            guard let origin = simulation.originProcess, !origin.isStopped else { return }
            // Mirrors the origin's answer to the configuration question: what it serves by itself.
            let (revision, served) = (origin.configured, origin.configuration)
            simulation.send(from: host) { [self] in
                whenAwake { [self] in
                    // An answer that comes after the question was given up is nobody's.
                    guard !isDone, revision >= wanted.revision, let served else { return once(false) }
                    (configuration, configured) = (served, revision)
                    // Not those of a later one: commands before that do not wait by them, and are not applied here yet.
                    leases = simulation.configuration(wanted.document).leases
                    once(true)
                }
            }
        }
        later(1_000_000_000) { once(false) }
    }
}

struct ClientRequest {
    var number: Int
    var target: Target
    /// True time.
    var sentAt: UInt64
    /// One of those that must be answered in the end.
    var isLast: Bool
}
