/// The journal's side of the leases: whom a command must wait for. Pure: the caller reads the clock and tells what was
/// committed.
///
/// Invariants
/// 1. A grant is in the ledger before its holder learns of it.
/// 2. A command of revision r waits for an incarnation exactly as long as it may use a grant that named a head < r: until
///    it acknowledges r, or ends, or the last of those grants has run out.
public struct LeaseLedger: Sendable {
    private struct Holder {
        var node: NodeIdentity
        var acknowledged = Revision.zero
        var grants: [(head: Revision, until: BootInstant)] = []
    }

    private var holders: [Incarnation: Holder] = [:]

    public init() {}

    /// - Parameter now: when the ledger first saw the grant; a full duration and the margin are counted from here, also
    ///   for grants that were found in the database after a restart.
    public mutating func record(_ grant: Grant, of node: NodeIdentity, _ incarnation: Incarnation, at now: BootInstant) {
        let until = now.advanced(byMilliseconds: grant.duration + Grant.margin(on: grant.duration))
        var holder = holders[incarnation] ?? Holder(node: node)
        // A newer grant of the same head covers an older one; so the list is as long as there are heads in force.
        holder.grants.removeAll { $0.until <= now || ($0.head >= grant.head && $0.until <= until) }
        holder.grants.append((grant.head, until))
        holders[incarnation] = holder
    }

    public mutating func acknowledge(_ revision: Revision, by incarnation: Incarnation) {
        guard var holder = holders[incarnation] else { return }
        holder.acknowledged = max(holder.acknowledged, revision)
        holder.grants = Self.pruned(holder)
        holders[incarnation] = holder
    }

    /// The process is known to be gone (a new one holds the lock on its folder) or has left by itself.
    public mutating func end(_ incarnation: Incarnation) {
        holders[incarnation] = nil
    }

    /// Whom `revision` has to wait for, and until when at the longest.
    public func awaited(for revision: Revision, at now: BootInstant) -> [Awaited] {
        holders.compactMap { incarnation, holder in
            guard holder.acknowledged < revision else { return nil }
            let inForce = holder.grants.filter { $0.head < revision && $0.until > now }
            guard let until = inForce.map(\.until).max() else { return nil }
            return Awaited(node: holder.node, incarnation: incarnation, until: until)
        }
    }

    /// Nodes that hold any grant in force.
    public func members(at now: BootInstant) -> [Member] {
        holders.compactMap { incarnation, holder in
            guard let until = holder.grants.map(\.until).max(), until > now else { return nil }
            return Member(
                node: holder.node, incarnation: incarnation, acknowledged: holder.acknowledged, until: until)
        }
    }

    public mutating func forgetRunOut(at now: BootInstant) {
        holders = holders.filter { $0.value.grants.contains { $0.until > now } }
    }

    /// Of the grants whose heads the holder has acknowledged only the last to end can still be waited for, by a command
    /// yet to come. One with a later head must not take its place: a command between the two heads waits for the earlier.
    private static func pruned(_ holder: Holder) -> [(head: Revision, until: BootInstant)] {
        let covered = holder.grants.filter { $0.head <= holder.acknowledged }
        let later = holder.grants.filter { $0.head > holder.acknowledged }
        return later + (covered.max { $0.until < $1.until }.map { [$0] } ?? [])
    }

    public struct Awaited: Hashable, Sendable {
        public var node: NodeIdentity
        public var incarnation: Incarnation
        public var until: BootInstant
    }

    public struct Member: Hashable, Sendable {
        public var node: NodeIdentity
        public var incarnation: Incarnation
        public var acknowledged: Revision
        public var until: BootInstant
    }
}
