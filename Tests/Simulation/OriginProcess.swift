import CacheProtocol

/// One life of the origin: the desk, a node of its own, and the pipeline. Mirrors OriginPipeline (`answer`, `variant`,
/// `make`) and SourceReader (`read`, `fill`).
final class OriginProcess: NodeProcess {
    private(set) var desk: SimulatedDesk!
    private var sources: SimulatedCache { caches[0] }
    private var variants: SimulatedCache { caches[1] }
    private var bug: PlantedBug? { simulation.bug }

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
            fill: { [self] done in make(wanted, standing, done) },
            then: { [self] result in
                switch result {
                // To everybody who waited the absence counts from what stood when they asked.
                case .object(let image, _) where image.status == 404:
                    done(.success(absence(wanted, standing, at: image.readAt)))
                case .object(let image, _): done(.success(image))
                case .failure(let failure): done(.failure(failure))
                }
            })
    }

    private func make(
        _ wanted: Wanted, _ standing: RuleTable.Standing, _ done: @escaping (Result<SimulatedCache.Filled, Failure>) -> Void
    ) {
        read(wanted, standing, place: 0, missedAt: nil) { [self] result in
            switch result {
            case .failure(let failure): done(.failure(failure))
            case .success(let source) where source.status == 404:
                done(.success(SimulatedCache.Filled(image: source, mayStore: false)))
            case .success(let source):
                // The transform.
                step { [self] in
                    let fill = bug == .shieldCopyStampedAtTransform ? rules.applied : source.fill
                    done(.success(SimulatedCache.Filled(
                        image: variant(of: source, wanted, fill: fill))))
                }
            }
        }
    }

    private func variant(of source: CachedImage, _ wanted: Wanted, fill: Revision) -> CachedImage {
        let isAlias = bug == .urlAliasNotMatched && wanted.target.format > 0
        let url = Catalogue.url(source.storage, source.image, recipe: wanted.recipe)
        return CachedImage(
            status: source.status, fill: fill,
            scope: ObjectScope(
                sources: source.scope.sources,
                url: isAlias ? Digest128(high: url.high ^ 1, low: url.low) : url, tags: source.scope.tags,
                site: Catalogue.sites[wanted.target.endpoint]),
            bornAt: host.wall, maxAge: simulation.settings.maxAge,
            staleIfError: simulation.settings.staleIfError, validator: source.validator, image: source.image,
            storage: source.storage, places: source.places,
            endpoint: wanted.target.endpoint, recipe: wanted.recipe, format: wanted.target.format, tags: source.tags,
            version: source.version, readAt: source.readAt, validatedAt: source.validatedAt)
    }

    /// From the places in their order; once for all who ask.
    /// - Parameter missedAt: when the first place said that it has nothing, so that nothing counts as read later.
    private func read(
        _ wanted: Wanted, _ standing: RuleTable.Standing, place: Int, missedAt: UInt64?,
        _ done: @escaping (Result<CachedImage, Failure>) -> Void
    ) {
        let (storage, image) = (wanted.places[place], wanted.target.image)
        shielded(storage, image, wanted, standing) { [self] result in
            switch result {
            case .success(let source) where source.status == 404:
                let missed = min(missedAt ?? .max, source.readAt)
                if place + 1 < wanted.places.count {
                    return read(wanted, standing, place: place + 1, missedAt: missed, done)
                }
                done(.success(absence(wanted, standing, at: missed)))
            case .success(let source):
                done(.success(source.copy(fill: min(source.fill, standing.applied))))
            case .failure(let failure):
                done(.failure(failure))
            }
        }
    }

    /// What an edge may remember: `OriginPolicy.negative`.
    private func absence(_ wanted: Wanted, _ standing: RuleTable.Standing, at time: UInt64) -> CachedImage {
        CachedImage(
            status: 404, fill: standing.applied,
            scope: ObjectScope(sources: wanted.sources, url: wanted.urls[0], site: Catalogue.sites[wanted.target.endpoint]),
            bornAt: host.wall, maxAge: min(10_000, simulation.settings.maxAge), validator: 0, image: wanted.target.image, storage: wanted.places[0],
            places: Places(wanted.places), endpoint: wanted.target.endpoint, recipe: wanted.recipe,
            format: wanted.target.format, tags: 0, version: 0, readAt: time, validatedAt: time)
    }

    private func shielded(
        _ storage: Int, _ image: Int, _ wanted: Wanted, _ standing: RuleTable.Standing,
        _ done: @escaping (Result<CachedImage, Failure>) -> Void
    ) {
        if storage == 0, simulation.settings.firstStorageIsLocal {
            return load(storage, image, old: nil, standing) { done($0.map(\.image)) }
        }
        let key = CacheKey(number: -1 - (storage * Catalogue.images + image))
        let isUsable: (CachedImage, Revision?) -> Bool = { [self] copy, staleBy in
            staleBy == nil && copy.fill >= standing.newestMatch && host.wall - copy.bornAt < copy.maxAge
        }
        sources.object(
            for: key, newestMatch: standing.newestMatch, joinFrom: standing.joinFrom, accepting: isUsable,
            fill: { [self] done in load(storage, image, old: held(key, standing), standing, done) },
            then: { result in
                switch result {
                case .object(let image, _): done(.success(image))
                case .failure(let failure): done(.failure(failure))
                }
            })
    }

    /// The copy whose validator may go upstream: after a hard command none does (DESIGN §4, rule 6).
    private func held(_ key: CacheKey, _ standing: RuleTable.Standing) -> CachedImage? {
        if bug == .notModifiedRevives, let copy = sources.lastKnown[key] { return copy }
        guard case .hit(let copy, _) = sources.lookup(key), copy.status == 200 else { return nil }
        let least = bug == .notModifiedForAPurgedView ? standing.newestMatch : standing.newestHard
        return copy.fill >= least ? copy : nil
    }

    private func load(
        _ storage: Int, _ image: Int, old: CachedImage?, _ standing: RuleTable.Standing,
        _ done: @escaping (Result<SimulatedCache.Filled, Failure>) -> Void
    ) {
        simulation.storage.read(storage, image, validator: old?.validator) { [self] answer in
            whenAwake { [self] in
                switch answer {
                case .failed: done(.failure(Failure(status: 502)))
                case .absent(let time):
                    done(.success(SimulatedCache.Filled(
                        image: source(storage, image, nil, standing, at: time), mayStore: false)))
                case .notModified(let time):
                    guard let old else { return done(.failure(Failure(status: 502))) }
                    let fill = bug == .notModifiedStampedAtItsAnswer ? rules.applied : standing.applied
                    done(.success(SimulatedCache.Filled(
                        image: old.copy(fill: fill, bornAt: host.wall, validatedAt: time))))
                case .file(let file, let time):
                    done(.success(SimulatedCache.Filled(image: source(storage, image, file, standing, at: time))))
                }
            }
        }
    }

    private func source(
        _ storage: Int, _ image: Int, _ file: SimulatedStorage.File?, _ standing: RuleTable.Standing, at time: UInt64
    ) -> CachedImage {
        CachedImage(
            status: file == nil ? 404 : 200, fill: bug == .stampedAfterTheRead ? rules.applied : standing.applied,
            scope: ObjectScope(
                sources: [Catalogue.source(storage, image)],
                url: Catalogue.sourceURLs[storage * Catalogue.images + image], tags: Catalogue.tagNames(file?.tags ?? 0),
                site: ""),
            bornAt: host.wall, maxAge: simulation.settings.sourceMaxAge, validator: file?.validator ?? 0, image: image,
            storage: storage, places: Places([storage]), endpoint: 0, recipe: Catalogue.recipes, format: 0,
            tags: file?.tags ?? 0, version: file?.version ?? 0, readAt: time, validatedAt: time)
    }
}
