internal import Foundation
internal import Glibc
internal import Synchronization

/// The most memory that a process had while it was watched.
final class ResidentWatch: Sendable {
    private let peak = Atomic<Int>(0)
    private let isOver = Atomic<Bool>(false)

    init(_ pid: Int32) {
        Thread.detachNewThread { [self] in
            while !isOver.load(ordering: .relaxed) {
                peak.max(ProcessTable.residentBytes(of: pid), ordering: .relaxed)
                usleep(100_000)
            }
        }
    }

    /// Ends the watch. Bytes.
    func end() -> Int {
        isOver.store(true, ordering: .relaxed)
        return peak.load(ordering: .relaxed)
    }
}
