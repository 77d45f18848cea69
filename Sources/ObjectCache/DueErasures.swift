internal import CacheProtocol
internal import Synchronization

/// Erases that the rules apply, or are about to, and whose walk has not ended. What they mean is overwritten in a segment
/// before its blocks are given back to the file system, where no walk could reach it.
final class DueErasures: Sendable {
    private struct Due {
        var erasure: Erasure
        /// What went with segments so far: the walk counts it in.
        var done: Reclaimed
    }

    private let due: Mutex<[Revision: Due]>

    init(_ erasures: [Erasure]) {
        due = Mutex([:])
        add(erasures)
    }

    func add(_ erasures: [Erasure]) {
        due.withLock { due in
            for erasure in erasures where due[erasure.revision] == nil {
                due[erasure.revision] = Due(erasure: erasure, done: Reclaimed(revision: erasure.revision))
            }
        }
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
