public import CacheProtocol
internal import Synchronization

/// A cache of objects on disk, with a memory tier before it. Survives restarts and kills with its contents; serves
/// nothing that the rules forbid (DESIGN §4, rules 6 to 8, 12) and no wrong byte (DESIGN §5).
///
/// Any thread may call anything. `lookup` and `store` are synchronous; `lookup` reads the disk when the object is not in
/// memory, `store` never waits for it.
public final class ObjectCache: Sendable {
    let core: CacheCore
    let queue: WriteQueue
    let fills: Mutex<FillTable<FillWaiter>>

    /// Opens the folder, for this process alone, and finds what is in it. Blocks for as long as that takes.
    /// - Parameters:
    ///   - rules: what every object is checked against. Must have the rules that were durable when the process ended.
    ///   - expecting: erases that were not carried out when the process ended; see `expect`.
    ///   - report: told of each kind of trouble once; called from any thread, must not block.
    /// - Throws: the configuration makes no sense, another process has the folder, or it can't be read or written.
    public convenience init(
        configuration: ObjectCacheConfiguration, rules: RuleBook, expecting: [Erasure] = [],
        report: @escaping @Sendable (CacheIncident) -> Void = { _ in }
    ) throws(ObjectCacheError) {
        try self.init(
            configuration: configuration, rules: rules, expecting: expecting, changes: FileChanges(), report: report)
    }

    /// With somebody who hears of every change of a file.
    init(
        configuration: ObjectCacheConfiguration, rules: RuleBook, expecting: [Erasure], changes: FileChanges,
        report: @escaping @Sendable (CacheIncident) -> Void
    ) throws(ObjectCacheError) {
        try configuration.validate()
        fills = Mutex(FillTable(capacity: configuration.maximumFills))
        do throws(SystemFailure) {
            try CacheFolder.make(configuration.folder)
        } catch {
            throw .folderUnusable(configuration.folder, error)
        }
        let lock = try FolderLock(configuration.folder)
        core = CacheCore(configuration, rules: rules, due: expecting, lock: lock, incidents: IncidentLog(report), changes: changes)
        queue = WriteQueue(limit: configuration.writeBehindBytes)
        let recovered = try Recovery.run(core)
        OwnThread.start { [core, queue] in DiskWriter(core, queue, recovered).run() }
    }

    deinit {
        // Without `shutdown`: the writer ends by itself, and lets the folder go when it has.
        queue.ask(.stop(nil))
    }

    /// Takes a fill in, unless a rule, the floor, its size or a writer that is behind speaks against it. What is stored is
    /// found at once.
    @discardableResult
    public func store(_ key: CacheKey, _ metadata: ObjectMetadata, body: SharedBytes) -> StoreResult {
        let record = CachedRecord(metadata: stamped(metadata, core.rules.applied), content: .memory(body))
        return store(key, record, body: body, generation: core.generation.load(ordering: .sequentiallyConsistent))
    }

    func store(_ key: CacheKey, _ record: CachedRecord, body: SharedBytes, generation: UInt64) -> StoreResult {
        let result = admit(key, record, body: body, generation: generation)
        if case .notStored(let reason) = result { note(reason) }
        return result
    }

    /// What is kept claims to be no newer than the rules of this node were when it was asked for. The origin may have applied more,
    /// and a journal that is restored to where this node stands would give those revisions to other commands.
    func stamped(_ metadata: ObjectMetadata, _ applied: Revision) -> ObjectMetadata {
        var metadata = metadata
        metadata.fillRevision = min(metadata.fillRevision, applied)
        return metadata
    }

    private func admit(_ key: CacheKey, _ record: CachedRecord, body: SharedBytes, generation: UInt64) -> StoreResult {
        let fill = record.metadata.fillRevision
        guard fill >= core.floor else { return .notStored(.belowFloor) }
        // A late fill of a purged object must not come in (DESIGN §4, rule 7). What is applied after this check is seen by
        // the lookup, because `checkedThrough` is this check's revision.
        let (verdict, through) = core.rules.check(record.metadata.scope, filledAt: fill)
        if case .refused(let revision) = verdict { return .notStored(.refused(by: revision)) }
        let metadata = record.metadata.wireBytes
        let extent = RecordFormat.aligned(RecordHead.size + metadata.count + body.count)
        guard extent <= core.space.extentLimit, metadata.count <= RecordHead.metadataLimit else {
            return .notStored(.tooLarge)
        }
        guard core.admission.admits(key, isPresent: core.shard(key).index.withLock { $0.find(key) != nil }) else {
            return .notStored(.firstRequest)
        }
        let write = PendingWrite(key: key, record: record, metadata: metadata, body: body, extent: extent)
        switch queue.reserve(write.memoryCost) {
        case .granted: break
        case .full: return .notStored(.overloaded)
        case .closed: return .notStored(.closed)
        }
        var entry = IndexEntry(key: key, stamp: 0, extent: extent, fill: fill, checkedThrough: through)
        if case .stale = verdict { entry.isStale = true }
        let (refusal, dead) = insert(entry, record, generation: generation)
        core.died(dead)
        if let refusal {
            queue.release(write.memoryCost)
            return .notStored(refusal)
        }
        queue.add(write)
        return .stored
    }

    private func insert(
        _ entry: IndexEntry, _ record: CachedRecord, generation: UInt64
    ) -> (refusal: NotStoredReason?, dead: DeadRecord?) {
        var entry = entry
        return core.shard(entry.key).index.withLock { index in
            // Under the lock: `removeAll` raises the generation before it empties this shard.
            guard core.generation.load(ordering: .sequentiallyConsistent) == generation else { return (.emptied, nil) }
            // A command was applied since `admit` looked. `reclaim` has perhaps been through this shard already, and would
            // not see what comes in now.
            if entry.checkedThrough < core.rules.applied {
                let (verdict, through) = core.rules.check(record.metadata.scope, filledAt: record.metadata.fillRevision)
                if case .refused(let revision) = verdict { return (.refused(by: revision), nil) }
                if case .stale = verdict { entry.isStale = true } else { entry.isStale = false }
                entry.checkedThrough = through
            }
            var dead: DeadRecord?
            if let slot = index.find(entry.key) {
                if index.entry(slot).pointee.fillAtMost > entry.fillAtMost { return (.superseded, nil) }
                dead = index.remove(slot)
            } else if index.isFull {
                return (.tooLarge, nil)
            }
            entry.stamp = core.stamp()
            _ = index.insert(entry, pending: record)
            index.counters.stores += 1
            return (nil, dead)
        }
    }

    private func note(_ reason: NotStoredReason) {
        core.count { counts in
            switch reason {
            case .refused, .belowFloor: counts.storesRefused += 1
            case .tooLarge: counts.storesWithoutRoom += 1
            case .overloaded: counts.storesOverloaded += 1
            case .firstRequest: counts.storesNotAdmitted += 1
            case .superseded, .emptied, .closed: break
            }
        }
        if reason == .overloaded {
            core.incidents.note(
                .overloaded, "the disk is behind by \(queue.pendingBytes) bytes; an object was served and not stored")
        }
    }

    /// Removes one object.
    /// - Returns: whether there was one.
    @discardableResult
    public func remove(_ key: CacheKey) -> Bool {
        let (isFound, dead): (Bool, DeadRecord?) = core.shard(key).index.withLock { index in
            guard let slot = index.find(key) else { return (false, nil) }
            return (true, index.remove(slot))
        }
        core.died(dead)
        return isFound
    }

    /// Forgets everything, for a node that is not on the chain (DESIGN §4, rule 2): when this returns, no crash brings
    /// anything back. Fills that are under way are not stored.
    /// - Throws: it could not be made durable. What was there is gone from this process, but might be back after a crash.
    public func removeAll() async throws(ObjectCacheError) {
        if let failure = await withCheckedContinuation({ queue.ask(.removeAll($0)) }) { throw failure }
    }

    /// The revision below which no fill is served, stored or recovered (DESIGN §4, rule 8).
    public var floor: Revision { core.floor }

    /// Durable when this returns: rules up to this revision may be dropped then. A lower floor than the one there is
    /// changes nothing.
    public func raiseFloor(to floor: Revision) async throws(ObjectCacheError) {
        if let failure = await withCheckedContinuation({ queue.ask(.raiseFloor(floor, $0)) }) { throw failure }
    }

    /// Returns when everything that was stored before has been written, or dropped, and what was dead has been given back.
    public func flush() async {
        await withCheckedContinuation { queue.ask(.flush($0)) }
    }

    /// Writes a checkpoint of the index now.
    public func checkpoint() async {
        await withCheckedContinuation { queue.ask(.checkpoint($0)) }
    }

    /// Writes what waits and a last checkpoint, and lets the folder go. Nothing is stored any more. Lookups go on working until
    /// another process has the folder: then what is handed out as a file may change.
    public func shutdown() async {
        await withCheckedContinuation { queue.ask(.stop($0)) }
    }
}
