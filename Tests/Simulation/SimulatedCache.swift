import CacheProtocol

/// One cache of a node. Mirrors ObjectCache: lookup (ObjectCache+Lookup), store (`admit` and `insert` in ObjectCache), fills
/// (ObjectCache+Fill, with the product's own FillTable), sweep, reclaim, recovery.
final class SimulatedCache {
    struct Waiter {
        var number: UInt64
        var resume: (FillResult) -> Void
    }

    enum FillResult {
        case object(CachedImage, wasFound: Bool)
        case failure(Failure)
    }

    enum Lookup {
        case hit(CachedImage, staleBy: Revision?)
        case miss
    }

    private struct Entry {
        var image: CachedImage
        var checkedThrough: Revision
        var staleBy: Revision?
    }

    // Owns this.
    private unowned(unsafe) let node: NodeProcess
    private let contents: CacheFolderContents
    private var index: [CacheKey: Entry] = [:]
    private var fills = FillTable<Waiter>(capacity: 64)
    private var lastWaiter: UInt64 = 0
    private var generation: UInt64 = 0
    private var floor: Revision
    /// Planted: what a 304 may bring back, whatever the rules say.
    private(set) var lastKnown: [CacheKey: CachedImage] = [:]

    private var bug: PlantedBug? { node.simulation.bug }
    private var world: World { node.world }
    var count: Int { index.count }

    /// Finds what is on the disk.
    init(_ contents: CacheFolderContents, of node: NodeProcess) {
        (self.contents, self.node) = (contents, node)
        floor = contents.floor
        // What this node has not applied durably it can't compare with anything: the journal may go on differently.
        let applied = bug == .stampAboveOwnApplied ? Revision(rawValue: .max) : node.rules.applied
        for record in contents.records where record.image.fill >= floor && record.image.fill <= applied {
            index[record.key] = Entry(image: record.image, checkedThrough: .zero)
        }
    }

    // MARK: Lookup

    func lookup(_ key: CacheKey) -> Lookup {
        guard var entry = index[key] else { return .miss }
        guard entry.image.fill >= floor || ignoresFloor else {
            index[key] = nil
            return .miss
        }
        if entry.checkedThrough < node.rules.applied || entry.staleBy != nil {
            let (verdict, through) = node.rules.check(entry.image)
            entry.checkedThrough = through
            switch verdict {
            case .refused:
                index[key] = nil
                return .miss
            case .valid: entry.staleBy = nil
            case .stale(let revision): entry.staleBy = revision
            }
            index[key] = entry
        }
        return .hit(entry.image, staleBy: entry.staleBy)
    }

    private var ignoresFloor: Bool { bug == .rulesDroppedWithoutFloor }

    // MARK: Fills

    /// Mirrors `ObjectCache.object(for:newestMatch:joinFrom:accepting:fill:)`.
    func object(
        for key: CacheKey, newestMatch: Revision, joinFrom: Revision,
        accepting isUsable: @escaping (CachedImage, Revision?) -> Bool,
        fill: @escaping (@escaping (Result<Filled, Failure>) -> Void) -> Void, then resume: @escaping (FillResult) -> Void
    ) {
        lastWaiter += 1
        var demand = FillDemand(
            newestMatch: newestMatch, joinFrom: max(newestMatch, joinFrom), generation: generation)
        if bug == .joinOfAnOlderFill || bug == .fillWithoutMinRevision {
            demand.newestMatch = .zero
            if bug == .joinOfAnOlderFill { demand.joinFrom = .zero }
        }
        switch fills.enter(key, demand, Waiter(number: lastWaiter, resume: resume)) {
        case .refuse: resume(.failure(Failure(status: 503)))
        case .collapse: break
        case .lead(let id):
            node.step { [self] in
                if case .hit(let image, let staleBy) = lookup(key), image.fill >= demand.newestMatch,
                    isUsable(image, staleBy)
                {
                    return end(key, id.fill, .object(image, wasFound: true))
                }
                let applied = node.rules.applied
                fill { [self] result in
                    switch result {
                    case .failure(let failure): end(key, id.fill, .failure(failure))
                    case .success(let filled): commit(key, id.fill, stamped(filled, applied), demand)
                    }
                }
            }
        }
    }

    struct Filled {
        var image: CachedImage
        var mayStore = true
    }

    /// The origin may have applied more than this node had when it asked. Should the journal be restored to what this node had
    /// applied, a later stamp would count in a history that is gone.
    private func stamped(_ filled: Filled, _ appliedBefore: Revision) -> Filled {
        let applied = bug?.isOfStamps == true ? node.rules.applied : appliedBefore
        guard filled.image.fill > applied, bug != .stampAboveOwnApplied else { return filled }
        return Filled(image: filled.image.copy(fill: applied), mayStore: filled.mayStore)
    }

    private func commit(_ key: CacheKey, _ id: FillTable<Waiter>.FillID, _ filled: Filled, _ demand: FillDemand) {
        guard filled.image.fill >= demand.newestMatch else { return end(key, id, .failure(Failure(status: 503))) }
        if filled.mayStore { store(key, filled.image, generation: demand.generation) }
        end(key, id, .object(filled.image, wasFound: false))
    }

    private func end(_ key: CacheKey, _ id: FillTable<Waiter>.FillID, _ result: FillResult) {
        // The table hands them out in no order; a seed must be one history.
        for waiter in fills.end(key, id).sorted(by: { $0.number < $1.number }) { node.step { waiter.resume(result) } }
    }

    private func store(_ key: CacheKey, _ image: CachedImage, generation begun: UInt64) {
        guard begun == generation, image.fill >= floor || bug == .ruleDroppedUnderRunningFill || ignoresFloor else { return }
        let (verdict, through) = node.rules.check(image)
        var staleBy: Revision?
        switch verdict {
        case .refused:
            if bug != .ruleDroppedUnderRunningFill || image.fill >= node.rules.book.read({ $0.floor }) { return }
        case .stale(let revision): staleBy = revision
        case .valid: break
        }
        if let old = index[key], old.image.fill > image.fill { return }
        index[key] = Entry(image: image, checkedThrough: through, staleBy: staleBy)
        if bug == .notModifiedRevives { lastKnown[key] = image }
        // Write-behind.
        node.step { [self] in
            guard begun == generation, index[key]?.image === image, !node.host.diskFails() else { return }
            let place = contents.records.count
            contents.records.append(CacheFolderContents.Record(key: key, image: image, isSynced: false))
            node.later(world.random.number(in: 1_000_000...2_000_000_000)) { [self] in
                guard place < contents.records.count, contents.records[place].image === image else { return }
                contents.records[place].isSynced = true
            }
        }
    }

    /// Those who wait are not served any more.
    func end() {
        fills = FillTable(capacity: 0)
    }

    // MARK: What the agent asks for

    /// The disk was full, or a segment was compacted.
    func evict() {
        if world.random.chance(50), let victim = index.keys.min(by: { $0.number < $1.number }) { index[victim] = nil }
        contents.records.removeAll { index[$0.key]?.image !== $0.image }
    }

    func sweep() {
        for (key, entry) in index where entry.checkedThrough < node.rules.applied {
            let (verdict, through) = node.rules.check(entry.image)
            switch verdict {
            case .refused: index[key] = nil
            case .valid: index[key] = Entry(image: entry.image, checkedThrough: through)
            case .stale(let by): index[key] = Entry(image: entry.image, checkedThrough: through, staleBy: by)
            }
        }
    }

    /// - Returns: false when it could not be made durable.
    func removeAll() -> Bool {
        generation += 1
        index = [:]
        lastKnown = [:]
        guard !node.host.diskFails() else { return false }
        contents.records = []
        return true
    }

    /// - Returns: false when it could not be made durable.
    func raiseFloor(to new: Revision) -> Bool {
        guard !node.host.diskFails() else { return false }
        floor = max(floor, new)
        contents.floor = max(contents.floor, new)
        return true
    }

    /// - Returns: false when the disk failed.
    func reclaim(_ erasures: [Erasure]) -> Bool {
        guard !node.host.diskFails() else { return false }
        for (key, entry) in index where erasures.contains(where: { entry.image.isErased(by: $0) }) { index[key] = nil }
        contents.records.removeAll { record in erasures.contains { record.image.isErased(by: $0) } }
        return true
    }
}

/// Why a fetch brought no object.
struct Failure: Error {
    var status: Int
    /// Edge and origin read the request by two configurations.
    var isOtherReading = false
}
