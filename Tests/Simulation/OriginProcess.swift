import CacheProtocol

/// One life of the origin: the desk, a node of its own, and the pipeline. Mirrors OriginPipeline: `answer` and `variant` here,
/// `make` in OriginProcess+Making, SourceReader in OriginProcess+Reading.
final class OriginProcess: NodeProcess {
    private(set) var desk: SimulatedDesk!
    var sources: SimulatedCache { caches[0] }
    private var variants: SimulatedCache { caches[1] }

    override init(on host: Host, in simulation: Simulation) {
        super.init(on: host, in: simulation)
        desk = SimulatedDesk(self, mayMissGrants: !isContinuous())
        simulation.database.startedLife = disk.life
        disk.grantsGiven = simulation.database.lastSerial
    }

    /// Whether the journal is the one that the life before this had, and not an older copy.
    private func isContinuous() -> Bool {
        if bug == .restoreWithinALifeUnnoticed { return simulation.database.startedLife == disk.life - 1 || disk.life == 1 }
        return simulation.database.lastSerial == disk.grantsGiven
    }

    override func end() {
        super.end()
        desk.held = []
    }

    // MARK: The protocol

    func receive(_ request: FollowRequest, _ acknowledged: Revision, _ reply: @escaping (FollowAnswer?) -> Void) {
        // What it waits for while it is stopped it reads when it goes on.
        whenAwake { [self] in desk.follow(request, acknowledged, reply) }
    }

    override func ask(_ request: FollowRequest, acknowledging acknowledged: Revision, _ answer: @escaping (FollowAnswer?) -> Void) {
        later(1_000) { [self] in
            desk.follow(request, acknowledged) { [self] reply in later(1_000) { answer(reply) } }
        }
    }

    override func configure(_ wanted: AppliedConfiguration, _ then: @escaping (Bool) -> Void) {
        step { [self] in
            (configuration, configured) = (simulation.configuration(wanted.document), wanted.revision)
            then(true)
        }
    }

    // MARK: Fetches

    /// - Parameters:
    ///   - asked: as the edge reads it.
    ///   - leastFill: the edge's floor.
    func answer(
        _ asked: Wanted, _ minRevision: Revision, leastFill: Revision, _ done: @escaping (Result<CachedImage, Failure>) -> Void
    ) {
        whenAwake { [self] in
            guard gate.mayAnswer(at: host.boot, lease: .max) else { return done(.failure(Failure(status: 503))) }
            waitUntilApplied(minRevision) { [self] isApplied in
                guard isApplied else { return done(.failure(Failure(status: 503))) }
                read(asked, leastFill, triesLeft: 20, done)
            }
        }
    }

    /// The rules and the configuration must be of one state.
    private func read(
        _ asked: Wanted, _ leastFill: Revision, triesLeft: Int, _ done: @escaping (Result<CachedImage, Failure>) -> Void
    ) {
        let ordered = rules.book.read { $0.configuration?.revision ?? .zero }
        guard let configuration, configured == ordered else {
            guard triesLeft > 0 else { return done(.failure(Failure(status: 503))) }
            return later(50_000_000) { [self] in read(asked, leastFill, triesLeft: triesLeft - 1, done) }
        }
        guard let wanted = configuration.read(asked.target) else { return done(.failure(Failure(status: 404))) }
        var standing = rules.standing(of: wanted)
        standing.newestHard = max(standing.newestHard, leastFill)
        standing.newestMatch = max(standing.newestMatch, leastFill)
        standing.joinFrom = max(standing.joinFrom, leastFill)
        guard wanted.key == asked.key || bug == .otherReadingTaken else {
            return done(.failure(Failure(status: 503, isOtherReading: true)))
        }
        guard gate.mayAnswer(at: host.boot, lease: configuration.leases[wanted.target.endpoint]) else {
            return done(.failure(Failure(status: 503)))
        }
        if standing.tombstone != nil { return done(.failure(Failure(status: 410))) }
        variant(wanted, standing, done)
    }

    func mayAnswer(_ wanted: Wanted) -> Bool {
        gate.mayAnswer(at: host.boot, lease: configuration?.leases[wanted.target.endpoint] ?? 0)
    }

    private func variant(
        _ wanted: Wanted, _ standing: RuleTable.Standing, _ done: @escaping (Result<CachedImage, Failure>) -> Void
    ) {
        let isUsable: (CachedImage, Revision?) -> Bool = { [self] image, staleBy in
            staleBy == nil && host.wall - image.bornAt < image.maxAge && image.fill >= standing.newestMatch
        }
        if case .hit(let image, let staleBy) = variants.lookup(wanted.key), isUsable(image, staleBy) || bug == .fillWithoutMinRevision {
            return done(.success(image))
        }
        variants.object(
            for: wanted.key, newestMatch: standing.newestMatch, joinFrom: standing.joinFrom, accepting: isUsable,
            fill: { [self] done in
                if mayAnswer(wanted) { make(wanted, standing, done) } else { done(.failure(Failure(status: 503))) }
            },
            then: { [self] result in
                switch result {
                // To everybody who waited the absence counts from what stood when they asked.
                case .object(let image, _) where image.status == 404:
                    done(.success(absence(wanted, standing, main: image.main, overlay: image.overlay)))
                case .object(let image, _): done(.success(image))
                case .failure(let failure): done(.failure(failure))
                }
            })
    }
}
