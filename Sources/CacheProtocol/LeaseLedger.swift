/// The journal's side of the leases: whom a command must wait for. Pure: the caller reads the clock and tells what was
/// committed.
///
/// Invariants
/// 1. A grant is in the ledger before its holder learns of it.
/// 2. A command of revision r waits for an incarnation exactly as long as it may use a grant that named a head < r: until
///    it acknowledges r, or ends, or the last of those grants has run out.
public struct LeaseLedger: Sendable {
    private struct Seen {
        var grant: Grant
        var at: BootInstant

        func runsOut(lease: UInt64 = .max) -> BootInstant { grant.hasRunOut(after: at, lease: lease) }
    }

    private struct Holder {
        var node: NodeIdentity
        var acknowledged = Revision.zero
        var grants: [Seen] = []
    }

    private var holders: [Incarnation: Holder] = [:]

    public init() {}

    /// - Parameter now: when the ledger first saw the grant; a full duration and the margin are counted from here, also
    ///   for grants that were found in the database after a restart.
    public mutating func record(_ grant: Grant, of node: NodeIdentity, _ incarnation: Incarnation, at now: BootInstant) {
        let seen = Seen(grant: grant, at: now)
        var holder = holders[incarnation] ?? Holder(node: node)
        // A newer grant of the same head covers an older one, if it is as long; so the list is as long as there are heads
        // in force.
        holder.grants.removeAll {
            $0.runsOut() <= now || ($0.grant.head >= grant.head && $0.grant.duration <= grant.duration && $0.at <= now)
        }
        holder.grants.append(seen)
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
    /// - Parameter lease: the longest lease of any endpoint that could answer with what the command forbids: milliseconds.
    public func awaited(for revision: Revision, lease: UInt64 = .max, at now: BootInstant) -> [Awaited] {
        holders.compactMap { incarnation, holder in
            guard holder.acknowledged < revision else { return nil }
            let ends = holder.grants.filter { $0.grant.head < revision }.map { $0.runsOut(lease: lease) }
            guard let until = ends.max(), until > now else { return nil }
            return Awaited(node: holder.node, incarnation: incarnation, until: until)
        }
    }

    /// Nodes that hold any grant in force.
    public func members(at now: BootInstant) -> [Member] {
        holders.compactMap { incarnation, holder in
            guard let until = holder.grants.map({ $0.runsOut() }).max(), until > now else { return nil }
            return Member(
                node: holder.node, incarnation: incarnation, acknowledged: holder.acknowledged, until: until)
        }
    }

    public mutating func forgetRunOut(at now: BootInstant) {
        holders = holders.filter { $0.value.grants.contains { $0.runsOut() > now } }
    }

    /// Of the grants whose heads the holder has acknowledged only those can still be waited for, by a command yet to
    /// come, that another does not outlast at every lease. One with a later head must not take their place: a command
    /// between the two heads waits for the earlier.
    private static func pruned(_ holder: Holder) -> [Seen] {
        var kept: [Seen] = []
        for seen in holder.grants {
            guard seen.grant.head <= holder.acknowledged else {
                kept.append(seen)
                continue
            }
            let isCovered = kept.contains {
                $0.grant.head <= holder.acknowledged && $0.at >= seen.at && $0.grant.duration >= seen.grant.duration
            }
            if isCovered { continue }
            kept.removeAll {
                $0.grant.head <= holder.acknowledged && $0.at <= seen.at && $0.grant.duration <= seen.grant.duration
            }
            kept.append(seen)
        }
        return kept
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
