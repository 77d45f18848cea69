import CacheProtocol

/// What is made of one source, or of two.
extension OriginProcess {
    func make(
        _ wanted: Wanted, _ standing: RuleTable.Standing, _ done: @escaping (Result<SimulatedCache.Filled, Failure>) -> Void
    ) {
        read(wanted.target.image, wanted, standing) { [self] result in
            switch result {
            case .failure(let failure): done(.failure(failure))
            case .success(let main):
                guard let overlay = wanted.overlay, main.status == 200 else {
                    return finish(main, over: nil, wanted, standing, done)
                }
                addOverlay(overlay, to: main, wanted, standing, done)
            }
        }
    }

    /// Each is a read of its own, and anything may be ordered between the two.
    private func addOverlay(
        _ image: Int, to main: CachedImage, _ wanted: Wanted, _ standing: RuleTable.Standing,
        _ done: @escaping (Result<SimulatedCache.Filled, Failure>) -> Void
    ) {
        let applied = rules.applied
        read(image, wanted, standing) { [self] result in
            switch result {
            case .failure(let failure): done(.failure(failure))
            case .success(let overlay):
                // The older of the two, whatever the later one has seen.
                let fill = bug == .compositeStampedAtItsLaterRead ? max(main.fill, applied) : min(main.fill, overlay.fill)
                if let newer = outdated(main, overlay, standing), bug != .compositeOlderThanItsTags {
                    return make(wanted, newer, done)
                }
                finish(main.copy(fill: fill), over: overlay, wanted, standing, done)
            }
        }
    }

    /// A tag of the one that was purged after the other was read: the older copy is good, since it does not bear the tag, but
    /// what is made with it would bear it, be of before the purge, and be refused for as long as the copy is kept.
    /// - Returns: what the copies must be as new as; nil when they are.
    private func outdated(_ main: CachedImage, _ overlay: CachedImage, _ standing: RuleTable.Standing) -> RuleTable.Standing? {
        guard main.fill != overlay.fill, overlay.status == 200 else { return nil }
        let both = ObjectScope(
            sources: main.scope.sources + overlay.scope.sources, url: main.scope.url,
            tags: Catalogue.tagNames(main.main.tags | overlay.main.tags), site: "")
        let newest: Revision
        switch rules.book.check(both, filledAt: min(main.fill, overlay.fill)).verdict {
        case .valid: return nil
        case .stale(let revision), .refused(let revision): newest = revision
        }
        // What came later than the request is the next one's business.
        guard newest <= standing.applied else { return nil }
        var newer = standing
        newer.newestMatch = max(newer.newestMatch, newest)
        newer.joinFrom = max(newer.joinFrom, newest)
        return newer
    }

    private func finish(
        _ main: CachedImage, over overlay: CachedImage?, _ wanted: Wanted, _ standing: RuleTable.Standing,
        _ done: @escaping (Result<SimulatedCache.Filled, Failure>) -> Void
    ) {
        guard main.status == 200, overlay.map({ $0.status == 200 }) ?? true else {
            let absent = absence(wanted, standing, main: main.main.unused(wanted.places), overlay: overlay?.main)
            return done(.success(SimulatedCache.Filled(image: absent, mayStore: false)))
        }
        // The transform.
        step { [self] in
            let fill = bug == .shieldCopyStampedAtTransform ? rules.applied : main.fill
            done(.success(SimulatedCache.Filled(image: variant(of: main, over: overlay, wanted, fill: fill))))
        }
    }

    private func variant(of main: CachedImage, over overlay: CachedImage?, _ wanted: Wanted, fill: Revision) -> CachedImage {
        let isAlias = bug == .urlAliasNotMatched && wanted.target.format > 0
        let url = Catalogue.url(main.main.storage, main.main.image, recipe: wanted.recipe)
        var (sources, tags) = (main.scope.sources, main.scope.tags)
        if let overlay {
            if bug != .overlayKeyNotRecorded { sources += overlay.scope.sources }
            tags = Catalogue.tagNames(main.main.tags | overlay.main.tags)
        }
        return CachedImage(
            status: main.status, fill: fill,
            scope: ObjectScope(
                sources: sources, url: isAlias ? Digest128(high: url.high ^ 1, low: url.low) : url, tags: tags,
                site: Catalogue.sites[wanted.target.endpoint]),
            bornAt: host.wall, maxAge: simulation.settings.maxAge, staleIfError: simulation.settings.staleIfError,
            validator: main.validator, main: main.main, overlay: overlay?.main, endpoint: wanted.target.endpoint,
            recipe: wanted.recipe, format: wanted.target.format)
    }

    /// What an edge may remember: `OriginPolicy.negative`.
    func absence(_ wanted: Wanted, _ standing: RuleTable.Standing, main: ImagePart, overlay: ImagePart?) -> CachedImage {
        CachedImage(
            status: 404, fill: standing.applied,
            scope: ObjectScope(sources: wanted.sources, url: wanted.urls[0], site: Catalogue.sites[wanted.target.endpoint]),
            bornAt: host.wall, maxAge: min(10_000, simulation.settings.maxAge), validator: 0, main: main, overlay: overlay,
            endpoint: wanted.target.endpoint, recipe: wanted.recipe, format: wanted.target.format)
    }
}

extension ImagePart {
    /// Of an answer that says what is missing: that knows no tags, and by URL it is the first place's (`OriginPolicy.negative`).
    fileprivate func unused(_ places: [Int]) -> ImagePart {
        var part = self
        (part.storage, part.tags) = (places[0], 0)
        return part
    }
}
