internal import CacheProtocol

/// The last entries of the journal in memory, so that followers that keep up cost no read of the database. Pure.
///
/// Invariants
/// 1. `entries` are consecutive and end at `head`.
/// 2. Entries may be added in any order; they show once everything before them has come.
struct JournalTail: Sendable {
    private(set) var head: JournalHead
    private var entries: ArraySlice<JournalEntry> = []
    /// Before the first of `entries`.
    private var floor: JournalHead
    private var early: [Revision: JournalEntry] = [:]
    private let capacity: Int

    init(at head: JournalHead, capacity: Int) {
        self.head = head
        floor = head
        self.capacity = capacity
    }

    /// Whether `revision` was added, and something before it was not.
    func isEarly(_ revision: Revision) -> Bool {
        early[revision] != nil
    }

    /// - Returns: the entries that show now, in order.
    mutating func add(_ entry: JournalEntry) -> [JournalEntry] {
        guard entry.revision > head.revision else { return [] }
        early[entry.revision] = entry
        var shown: [JournalEntry] = []
        while let next = early.removeValue(forKey: head.revision.next) {
            shown.append(next)
            head = JournalHead(revision: next.revision, chain: next.chain)
        }
        entries.append(contentsOf: shown)
        while entries.count > capacity, let dropped = entries.popFirst() {
            floor = JournalHead(revision: dropped.revision, chain: dropped.chain)
        }
        return shown
    }

    /// Whether everything after `revision` is here.
    func reaches(_ revision: Revision) -> Bool { revision >= floor.revision }

    /// Nil when the database has to be asked.
    func entries(after revision: Revision, limit: Int) -> [JournalEntry]? {
        guard reaches(revision) else { return nil }
        guard revision < head.revision else { return [] }
        let start = entries.startIndex + Int(revision.rawValue - floor.revision.rawValue)
        return Array(entries[start..<min(start + limit, entries.endIndex)])
    }

    /// Nil when the database has to be asked, or there is no such revision.
    func chain(at revision: Revision) -> ChainDigest? {
        guard revision >= floor.revision, revision <= head.revision else { return nil }
        if revision == floor.revision { return floor.chain }
        return entries[entries.startIndex + Int(revision.rawValue - floor.revision.rawValue) - 1].chain
    }
}
