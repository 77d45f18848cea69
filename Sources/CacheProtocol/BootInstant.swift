internal import Glibc

/// A point on CLOCK_BOOTTIME: monotonic, and it counts the time a machine slept. Leases live on this clock alone; a wall
/// clock can be set back, and CLOCK_MONOTONIC would let a lease outlive a suspended machine.
@frozen
public struct BootInstant: Hashable, Comparable, Sendable {
    /// Nanoseconds since the machine started.
    public var nanoseconds: UInt64

    @inlinable
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    public static func now() -> BootInstant {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return BootInstant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    @inlinable
    public static func < (left: BootInstant, right: BootInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The end of time when that is nearer: durations come from the wire, and none may stop this process.
    public func advanced(byMilliseconds milliseconds: UInt64) -> BootInstant {
        let duration = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        let sum = nanoseconds.addingReportingOverflow(duration.partialValue)
        return BootInstant(nanoseconds: duration.overflow || sum.overflow ? .max : sum.partialValue)
    }

    /// 0 when `earlier` is later.
    public func milliseconds(since earlier: BootInstant) -> UInt64 {
        nanoseconds > earlier.nanoseconds ? (nanoseconds - earlier.nanoseconds) / 1_000_000 : 0
    }
}
