internal import CacheProtocol
internal import Synchronization

/// Erases that the rules apply, or are about to, and whose walk has not ended. What they mean is overwritten in a segment
/// before its blocks are given back to the file system, where no walk could reach it.
final class DueErasures: Sendable {
    private struct Due {
        var erasure: Erasure
        /// What went with segments so far: the walk counts it in.
        var done: Reclaimed
        /// Whether its walk was asked for: answers that send what it means were cut off before. Until then some may be under way.
        var isAsked = false
    }

    private let due: Mutex<[Revision: Due]>

    /// - Parameter applied: what the rules have applied as the process starts, so that no answer of its can be under way with it.
    init(_ erasures: [Erasure], applied: Revision) {
        due = Mutex([:])
        add(erasures)
        ask(erasures.filter { $0.revision <= applied })
    }

    func add(_ erasures: [Erasure]) {
        due.withLock { due in
            for erasure in erasures where due[erasure.revision] == nil {
                due[erasure.revision] = Due(erasure: erasure, done: Reclaimed(revision: erasure.revision))
            }
        }
    }

    /// Their walk is asked for.
    func ask(_ erasures: [Erasure]) {
        add(erasures)
        due.withLock { due in
            for erasure in erasures { due[erasure.revision]?.isAsked = true }
        }
    }

    func areAsked(_ erasures: [Erasure]) -> Bool {
        due.withLock { due in erasures.allSatisfy { due[$0.revision]?.isAsked ?? true } }
    }

    var isEmpty: Bool { due.withLock { $0.isEmpty } }

    func all(but covered: Set<Revision>) -> [Erasure] {
        due.withLock { due in
            due.isEmpty ? [] : due.values.map(\.erasure).filter { !covered.contains($0.revision) }
        }
    }

    func count(_ done: [Reclaimed]) {
        due.withLock { due in
            for part in done { due[part.revision]?.done.add(part) }
        }
    }

    /// The walk is done.
    /// - Returns: its counts with those of the segments that went before it came.
    func settle(_ walked: [Reclaimed]) -> [Reclaimed] {
        due.withLock { due in
            walked.map { part in
                var all = part
                if let before = due.removeValue(forKey: part.revision) { all.add(before.done) }
                return all
            }
        }
    }

    /// Nothing is left of what they are about.
    func removeAll() {
        due.withLock { $0 = [:] }
    }
}
