internal import Synchronization

/// The rule table that a node's caches and request handlers share. A hit costs one atomic load unless a command was
/// applied since the object was last checked.
public final class RuleBook: Sendable {
    private let table: Mutex<RuleTable>
    private let appliedRevision: Atomic<UInt64>
    /// While there are none, a request need not be looked up among them.
    private let hasTombstones: Atomic<Bool>

    public init(_ table: RuleTable) {
        appliedRevision = Atomic(table.applied.rawValue)
        hasTombstones = Atomic(table.tombstoneCount > 0)
        self.table = Mutex(table)
    }

    /// The last revision that every check from now on takes into account.
    public var applied: Revision {
        Revision(rawValue: appliedRevision.load(ordering: .acquiring))
    }

    public var position: (applied: Revision, chain: ChainDigest) {
        table.withLock { ($0.applied, $0.chain) }
    }

    /// Applies entries in order; those already applied are skipped.
    /// - Throws: the first `ApplyError`; the entries before it are applied. An entry that contradicts what is applied shows
    ///   that the answer belongs to another journal than the table.
    public func apply(_ entries: [JournalEntry]) throws(ApplyError) {
        let failure: ApplyError? = table.withLock { table in
            if let known = entries.first(where: { $0.revision == table.applied }), known.chain != table.chain {
                return .notOnChain(known.revision)
            }
            for entry in entries where entry.revision > table.applied {
                do throws(ApplyError) { try table.apply(entry) } catch { return error }
                publish(table)
            }
            return nil
        }
        if let failure { throw failure }
    }

    /// Takes the place of a table that a snapshot folds more than. Every mark of the table is in the snapshot's, or below its
    /// floor.
    public func advance(to folded: RuleTable) {
        table.withLock { table in
            guard folded.applied > table.applied else { return }
            table = folded
            publish(folded)
        }
    }

    /// A node that is not on the chain starts over. Its caches must have been emptied before.
    public func restart(_ fresh: RuleTable) {
        table.withLock { table in
            table = fresh
            publish(fresh)
        }
    }

    /// Inside the lock, and the tombstones first: no check may see the number without the rule.
    private func publish(_ table: RuleTable) {
        hasTombstones.store(table.tombstoneCount > 0, ordering: .releasing)
        appliedRevision.store(table.applied.rawValue, ordering: .releasing)
    }

    /// The verdict, and the revision through which it holds: the object's new `checkedThrough`.
    public func check(
        _ scope: ObjectScope, filledAt fill: Revision
    ) -> (verdict: RuleTable.Verdict, through: Revision) {
        table.withLock { ($0.verdict(on: scope, filledAt: fill), $0.applied) }
    }

    public func tombstone(on candidates: [SourceIdentity]) -> Revision? {
        guard hasTombstones.load(ordering: .acquiring) else { return nil }
        return table.withLock { $0.tombstone(on: candidates) }
    }

    public func standing(
        of candidates: [SourceIdentity], urls: [Digest128], site: String
    ) -> RuleTable.Standing {
        table.withLock { $0.standing(of: candidates, urls: urls, site: site) }
    }

    public var ruleCount: Int {
        table.withLock { $0.ruleCount }
    }

    /// Reads several things of one moment.
    public func read<Value: Sendable>(_ body: (RuleTable) -> Value) -> Value {
        table.withLock { body($0) }
    }

    /// See `RuleTable.raiseFloor`.
    public func raiseFloor(to floor: Revision) {
        table.withLock { $0.raiseFloor(to: floor) }
    }
}
