/// When a disk that fails is asked again: soon at first, then ever later, so that a dead one costs next to nothing.
struct WritePause {
    private static let firstMilliseconds = 50
    private static let longestMilliseconds = 5_000

    private var milliseconds = 0
    private var end = MonotonicTime(nanoseconds: 0)

    /// Whether the last write failed.
    var isFailing: Bool { milliseconds > 0 }

    func isOver(at now: MonotonicTime) -> Bool { now >= end }

    mutating func failed(at now: MonotonicTime) {
        milliseconds = min(max(Self.firstMilliseconds, milliseconds * 2), Self.longestMilliseconds)
        end = now.advanced(byMilliseconds: milliseconds)
    }

    mutating func succeeded() { self = WritePause() }
}
