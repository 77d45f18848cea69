internal import Histogram

/// An HdrHistogram of durations: three significant digits from 1 µs to an hour.
struct LatencyHistogram: Sendable {
    private static let highest: UInt64 = 3_600_000_000_000

    private var histogram: Histogram<UInt64>

    init(digits: SignificantDigits = .three) {
        histogram = Histogram(
            lowestDiscernibleValue: 1_000, highestTrackableValue: Self.highest, numberOfSignificantValueDigits: digits
        )
    }

    var count: Int { Int(histogram.totalCount) }

    mutating func record(nanoseconds: UInt64) {
        histogram.record(min(nanoseconds, Self.highest))
    }

    mutating func add(_ other: LatencyHistogram) {
        histogram.add(other.histogram)
    }

    mutating func reset() {
        histogram.reset()
    }

    /// Milliseconds.
    func percentile(_ percentile: Double) -> Double {
        milliseconds(histogram.valueAtPercentile(percentile))
    }

    /// How many durations were at least so long, up to the histogram's precision.
    func count(from milliseconds: Double) -> Int {
        Int(histogram.count(within: UInt64(milliseconds * 1e6)...Self.highest))
    }

    /// Nil when nothing was recorded.
    var summary: LatencySummary? {
        guard count > 0 else { return nil }
        return LatencySummary(
            count: count, min: milliseconds(histogram.min), mean: (histogram.mean / 1e3).rounded() / 1e3, p50: percentile(50),
            p90: percentile(90), p99: percentile(99), p99_9: percentile(99.9), max: percentile(100)
        )
    }

    /// Points of the cumulative distribution, dense towards its tail: enough to draw it.
    var distribution: [DistributionPoint] {
        histogram.percentiles(ticksPerHalfDistance: 5).map { step in
            DistributionPoint(percentile: (step.percentile * 1e4).rounded() / 1e4, milliseconds: milliseconds(step.value))
        }
    }

    private func milliseconds(_ nanoseconds: UInt64) -> Double {
        // To a microsecond: finer is below the histogram's resolution.
        (Double(nanoseconds) / 1e3).rounded() / 1e3
    }
}

/// Durations in milliseconds.
public struct LatencySummary: Codable, Sendable, Equatable {
    public var count: Int
    public var min: Double
    public var mean: Double
    public var p50: Double
    public var p90: Double
    public var p99: Double
    public var p99_9: Double
    public var max: Double

    private enum CodingKeys: String, CodingKey {
        case count, min, mean, p50, p90, p99, max
        case p99_9 = "p99.9"
    }
}

/// `percentile` percent of the durations were at most `milliseconds`.
public struct DistributionPoint: Codable, Sendable, Equatable {
    public var percentile: Double
    public var milliseconds: Double
}
