internal import Glibc

/// A moment in wall-clock time, for people and logs only: what must be compared or waited for uses a monotonic clock.
public struct Timestamp: Sendable, Hashable {
    /// Since 1970-01-01T00:00:00Z.
    public var microseconds: Int64

    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    public static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}

/// Writes timestamps as RFC 3339 in UTC with microseconds, working out the date once a second only.
struct TimestampWriter {
    private var second = Int64.min
    /// `2026-11-24T22:05:01.`
    private var prefix = ""

    mutating func write(_ time: Timestamp, to line: inout Logfmt) {
        // Rounds down before 1970 too.
        let second = time.microseconds >> 63 == 0 ? time.microseconds / 1_000_000 : (time.microseconds - 999_999) / 1_000_000
        if second != self.second {
            self.second = second
            prefix = Self.prefix(second: second)
        }
        line.raw(prefix)
        line.microseconds(UInt32(truncatingIfNeeded: time.microseconds - second * 1_000_000))
        line.raw("Z")
    }

    private static func prefix(second: Int64) -> String {
        var clock = time_t(second)
        var parts = tm()
        guard gmtime_r(&clock, &parts) != nil else { return "0000-00-00T00:00:00." }
        return "\(digits(Int(parts.tm_year) + 1900, 4))-\(digits(Int(parts.tm_mon) + 1, 2))-\(digits(Int(parts.tm_mday), 2))"
            + "T\(digits(Int(parts.tm_hour), 2)):\(digits(Int(parts.tm_min), 2)):\(digits(Int(parts.tm_sec), 2))."
    }

    private static func digits(_ value: Int, _ width: Int) -> String {
        let text = "\(value)"
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
