public import CacheProtocol

/// Which members have still to destroy what was erased (DESIGN §4, rule 13). Pure: the caller commits, and tells.
///
/// An erase is Removed when it is completed and every member has reported it that was there before it and was not expelled.
///
/// Invariants
/// 1. A member is awaited from the moment that an erase is known here until it reports, or its expulsion counts. It never
///    is again, so Removed is final.
/// 2. A folder that joins later is not awaited: it had nothing in it.
public struct RemovalTracker: Sendable {
    private struct Erase {
        var size: Int
        var isCompleted = false
        var awaited: Set<UInt64>
    }

    private var members: [UInt64: StoredMember] = [:]
    private var open: [Revision: Erase] = [:]
    private var removed: [Revision] = []

    public init() {}

    /// A member as it is now: new, ended, come back, or expelled.
    ///
    /// That a folder was forgotten counts once the command is completed, which has waited for the folder's leases; that it
    /// was declared dead counts at once. The caller tells it here when it counts.
    public mutating func update(_ member: StoredMember) {
        let folder = member.node.folder
        let isNew = members.updateValue(member, forKey: folder) == nil
        for revision in Array(open.keys) {
            switch Self.duty(of: member, for: revision) {
            case .none, .unproven: settle(revision) { $0.awaited.remove(folder) }
            // The erase was committed after the folder joined, and known here before.
            case .destroy where isNew: open[revision]?.awaited.insert(folder)
            case .destroy: break
            }
        }
    }

    /// - Parameters:
    ///   - revision: of an erase that was committed, or found in the journal without the mark of being removed.
    ///   - size: of the erase in a message: bytes.
    ///   - reported: the folders that have reported it.
    public mutating func erased(_ revision: Revision, size: Int, isCompleted: Bool, reported: Set<UInt64> = []) {
        let awaited = members.values.filter { Self.duty(of: $0, for: revision) == .destroy }.map(\.node.folder)
        open[revision] = Erase(size: size, isCompleted: isCompleted, awaited: Set(awaited).subtracting(reported))
        settle(revision) { _ in }
    }

    public mutating func completed(_ revision: Revision) {
        settle(revision) { $0.isCompleted = true }
    }

    public mutating func reported(_ revision: Revision, by folder: UInt64) {
        settle(revision) { $0.awaited.remove(folder) }
    }

    private mutating func settle(_ revision: Revision, _ change: (inout Erase) -> Void) {
        guard var erase = open[revision] else { return }
        change(&erase)
        if erase.isCompleted, erase.awaited.isEmpty {
            open[revision] = nil
            removed.append(revision)
        } else {
            open[revision] = erase
        }
    }

    /// Erases through `revision` that this member has still to report, in order.
    public func owed(by folder: UInt64, through revision: Revision) -> [Revision] {
        open.filter { $0.key <= revision && $0.value.awaited.contains(folder) }.keys.sorted()
    }

    /// Erases that were removed since the last call, to be marked so.
    public mutating func takeRemoved() -> [Revision] {
        defer { removed = [] }
        return removed
    }

    public func isOpen(_ revision: Revision) -> Bool { open[revision] != nil }

    public var openCount: Int { open.count }

    /// How far the journal may be folded for a node of before the snapshot to be told in one message what it has still to
    /// destroy: not through this. Nil when there is no such bound.
    public func firstBeyond(bytes budget: Int) -> Revision? {
        var total = 0
        for revision in open.keys.sorted() {
            total += open[revision]?.size ?? 0
            if total > budget { return revision }
        }
        return nil
    }

    /// What an erase asks of a folder that has not reported it.
    public enum Duty: Hashable, Sendable {
        /// It joined later, with nothing in it.
        case none
        /// To destroy what it has, and to say so.
        case destroy
        /// Nobody waits for its word: it was expelled, or joined before members gave any.
        case unproven(StoredMember.Expulsion.Kind?)
    }

    public static func duty(of member: StoredMember, for erase: Revision) -> Duty {
        if erase <= member.joinedAt { return .none }
        if member.isExpelled || erase <= member.accountableFrom { return .unproven(member.expulsion?.kind) }
        return .destroy
    }
}
