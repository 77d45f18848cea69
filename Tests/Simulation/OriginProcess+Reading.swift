import CacheProtocol

/// Mirrors SourceReader (`read`, `fill`).
extension OriginProcess {
    /// From the places in their order; once for all who ask.
    /// - Parameters:
    ///   - standing: of the whole request: what a composite is made of may be no older than what names any of it.
    ///   - missedAt: when the first place said that it has nothing, so that nothing counts as read later.
    func read(
        _ image: Int, _ wanted: Wanted, _ standing: RuleTable.Standing, place: Int = 0, missedAt: UInt64? = nil,
        _ done: @escaping (Result<CachedImage, Failure>) -> Void
    ) {
        shielded(wanted.places[place], image, wanted, standing) { [self] result in
            switch result {
            case .success(let source) where source.status == 404:
                let missed = min(missedAt ?? .max, source.main.readAt)
                if place + 1 < wanted.places.count {
                    return read(image, wanted, standing, place: place + 1, missedAt: missed, done)
                }
                let absent = ImagePart(absent: image, from: wanted.places, at: missed)
                done(.success(self.source(absent, status: 404, validator: 0, standing)))
            case .success(let source):
                done(.success(source.copy(fill: min(source.fill, standing.applied))))
            case .failure(let failure):
                done(.failure(failure))
            }
        }
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
            fill: { [self] done in
                guard mayAnswer(wanted) else { return done(.failure(Failure(status: 503))) }
                load(storage, image, old: held(key, standing), standing, done)
            },
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
                    let absent = ImagePart(absent: image, from: [storage], at: time)
                    done(.success(SimulatedCache.Filled(
                        image: source(absent, status: 404, validator: 0, standing), mayStore: false)))
                case .notModified(let time):
                    guard let old else { return done(.failure(Failure(status: 502))) }
                    let fill = bug == .notModifiedStampedAtItsAnswer ? rules.applied : standing.applied
                    done(.success(SimulatedCache.Filled(
                        image: old.copy(fill: fill, bornAt: host.wall, validatedAt: time))))
                case .file(let file, let time):
                    let part = ImagePart(file, image: image, storage: storage, at: time)
                    done(.success(SimulatedCache.Filled(
                        image: source(part, status: 200, validator: file.validator, standing))))
                }
            }
        }
    }

    private func source(_ part: ImagePart, status: Int, validator: Int, _ standing: RuleTable.Standing) -> CachedImage {
        CachedImage(
            status: status, fill: bug == .stampedAfterTheRead ? rules.applied : standing.applied,
            scope: ObjectScope(
                sources: [part.source], url: Catalogue.sourceURLs[part.storage * Catalogue.images + part.image],
                tags: Catalogue.tagNames(part.tags), site: ""),
            bornAt: host.wall, maxAge: simulation.settings.sourceMaxAge, validator: validator, main: part, endpoint: 0,
            recipe: Catalogue.recipes, format: 0)
    }
}
