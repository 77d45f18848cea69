import CacheProtocol

/// A machine of the cluster: its clocks, its disk, its cable, and the process that runs on it for a while.
final class Host {
    let number: Int
    let role: NodeRole
    var clock: SimulatedClock
    var folder: DataFolderContents
    var process: NodeProcess?
    /// A former process that has not ended yet.
    var lingering: EdgeProcess?
    /// Nothing passes between this machine and the origin's.
    var isCutOff = false
    /// Per cent of what is to be made durable that fails.
    var diskFailures = 0
    /// The operator has taken it away for good.
    var isGone = false
    private unowned(unsafe) let world: World

    init(_ number: Int, role: NodeRole, clock: SimulatedClock, folder: DataFolderContents, _ world: World) {
        (self.number, self.role, self.clock, self.folder, self.world) = (number, role, clock, folder, world)
    }

    var name: String { role == .origin ? "origin" : "edge-\(number)" }
    var boot: BootInstant { BootInstant(nanoseconds: clock.boot(at: world.now)) }
    /// Milliseconds.
    var wall: Int64 { clock.wall(at: world.now) / 1_000_000 }

    func diskFails() -> Bool { diskFailures > 0 && world.random.chance(diskFailures) }
}

/// What is on a node's disk and outlives its process. Mirrors the files `node-id`, `rules` and `erasures` of NodeAgent and
/// the folders of its caches.
final class DataFolderContents {
    var identity: UInt64
    var life: UInt32 = 0
    /// Holds the lock.
    var owner: NodeProcess?

    // `rules`: a snapshot, and the entries after it.
    var journal: JournalID?
    var base: RuleTable?
    var entries: [JournalEntry] = []
    var applied = Revision.zero
    var chain: ChainDigest?

    // `erasures`.
    var outstanding: [Erasure] = []
    var reports: [RemovalReport] = []

    /// The origin's: how many grants were given, beside the journal, so that an older copy of the journal is told.
    var grantsGiven: UInt64 = 0

    var caches: [CacheFolderContents]

    init(identity: UInt64, caches: Int) {
        self.identity = identity
        self.caches = (0..<caches).map { _ in CacheFolderContents() }
    }

    /// As the bytes lie there now.
    func copy(identity: UInt64) -> DataFolderContents {
        let copy = DataFolderContents(identity: identity, caches: 0)
        (copy.journal, copy.base, copy.entries, copy.applied, copy.chain) = (journal, base, entries, applied, chain)
        (copy.outstanding, copy.reports) = (outstanding, reports)
        copy.life = life
        copy.caches = caches.map(\.copy)
        return copy
    }

    // MARK: RuleLog

    func append(_ new: [JournalEntry]) {
        guard let last = new.last else { return }
        entries += new
        (applied, chain) = (last.revision, last.chain)
    }

    func reset(_ journal: JournalID, to table: RuleTable) {
        (self.journal, base, entries) = (journal, table, [])
        (applied, chain) = (table.applied, table.chain)
    }

    func fold(to table: RuleTable) {
        guard let journal, table.applied == applied else { return }
        reset(journal, to: table)
    }

    /// Cuts off what does not follow.
    func recovered() -> RuleTable? {
        guard var table = base else { return nil }
        for (place, entry) in entries.enumerated() {
            do { try table.apply(entry) } catch {
                entries.removeLast(entries.count - place)
                break
            }
        }
        (applied, chain) = (table.applied, table.chain)
        return table
    }

    // MARK: ErasureLog

    func add(_ erasures: [Erasure]) {
        for erasure in erasures
        where !outstanding.contains(where: { $0.revision == erasure.revision })
            && !reports.contains(where: { $0.revision == erasure.revision })
        {
            outstanding.append(erasure)
        }
    }

    func destroyed(_ new: [RemovalReport]) {
        outstanding.removeAll { erasure in new.contains { $0.revision == erasure.revision } }
        reports.removeAll { report in new.contains { $0.revision == report.revision } }
        reports += new
    }
}

/// The segments of one cache and its file `state`. Mirrors ObjectCache's folder: a record stays on the disk after it has
/// died, until its segment is compacted, and may be found again after a crash.
final class CacheFolderContents {
    struct Record {
        var key: CacheKey
        var image: CachedImage
        var isSynced: Bool
    }

    var records: [Record] = []
    var floor = Revision.zero

    var copy: CacheFolderContents {
        let copy = CacheFolderContents()
        (copy.records, copy.floor) = (records, floor)
        return copy
    }
}
