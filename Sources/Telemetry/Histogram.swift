internal import Synchronization

/// What a histogram records and how its buckets are cut. Values are recorded as whole raw units and leave in Prometheus'
/// base units.
public struct HistogramBuckets: Sendable, Equatable {
    /// Upper bounds, inclusive, in raw units, rising.
    public let bounds: [UInt64]
    /// Raw units in one base unit: 1,000,000,000 where nanoseconds leave as seconds.
    public let rawPerUnit: Double

    /// - Precondition: `bounds` is not empty and rises.
    public init(bounds: [UInt64], rawPerUnit: Double) {
        precondition(!bounds.isEmpty && zip(bounds, bounds.dropFirst()).allSatisfy(<), "bounds must rise")
        self.bounds = bounds
        self.rawPerUnit = rawPerUnit
    }

    /// Durations recorded in nanoseconds, 50 µs to 60 s.
    public static let seconds = HistogramBuckets(
        bounds: [
            50_000, 100_000, 250_000, 500_000,
            1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000, 500_000_000,
            1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000, 30_000_000_000, 60_000_000_000,
        ],
        rawPerUnit: 1_000_000_000
    )

    /// Sizes recorded in bytes, 1 KiB to 64 MiB in steps of four.
    public static let bytes = HistogramBuckets(
        bounds: (0...8).map { 1024 << (2 * UInt64($0)) },
        rawPerUnit: 1
    )
}

/// A distribution over fixed buckets. Any thread may record; what is recorded on every request should go through a
/// ``HistogramCell`` per event loop instead.
public final class Histogram: Sendable {
    let buckets: HistogramBuckets
    @usableFromInline let shared: HistogramStore
    private let cells = Mutex<[HistogramCell]>([])

    init(buckets: HistogramBuckets) {
        self.buckets = buckets
        shared = HistogramStore(bounds: buckets.bounds)
    }

    /// - Parameter raw: Nanoseconds or bytes, as the buckets say.
    @inlinable
    public func record(_ raw: UInt64) {
        shared.words.add(1, at: shared.bucket(of: raw))
        shared.words.add(raw, at: shared.sumIndex)
    }

    @inlinable
    public func record(_ duration: Duration) {
        record(duration.wholeNanoseconds)
    }

    /// A cell that records into this histogram and that one thread alone writes.
    public func cell() -> HistogramCell {
        let cell = HistogramCell(bounds: buckets.bounds)
        cells.withLock { $0.append(cell) }
        return cell
    }

    /// Values recorded so far.
    public var count: UInt64 {
        snapshot().counts.reduce(0, &+)
    }

    /// Counts per bucket (not cumulative, the last is above all bounds) and the sum in raw units.
    func snapshot() -> (counts: [UInt64], sum: UInt64) {
        let stores = cells.withLock { [shared] + $0.map(\.store) }
        let counts = (0...buckets.bounds.count).map { index in
            stores.reduce(0) { $0 &+ $1.words.load(index) }
        }
        return (counts, stores.reduce(0) { $0 &+ $1.words.load($1.sumIndex) })
    }
}

/// One thread's share of a ``Histogram``. Two threads that write the same cell lose counts.
public final class HistogramCell: Sendable {
    @usableFromInline let store: HistogramStore

    init(bounds: [UInt64]) {
        store = HistogramStore(bounds: bounds)
    }

    /// - Parameter raw: Nanoseconds or bytes, as the buckets say.
    @inlinable
    public func record(_ raw: UInt64) {
        store.words.addAlone(1, at: store.bucket(of: raw))
        store.words.addAlone(raw, at: store.sumIndex)
    }

    @inlinable
    public func record(_ duration: Duration) {
        record(duration.wholeNanoseconds)
    }
}

/// Bucket counts and, after them, the sum.
@usableFromInline
final class HistogramStore: Sendable {
    @usableFromInline let bounds: [UInt64]
    @usableFromInline let words: AtomicWords
    @usableFromInline let sumIndex: Int

    init(bounds: [UInt64]) {
        self.bounds = bounds
        words = AtomicWords(count: bounds.count + 2)
        sumIndex = bounds.count + 1
    }

    /// The first bucket whose bound is not below `raw`; the one above all bounds otherwise.
    @inlinable
    func bucket(of raw: UInt64) -> Int {
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low &+ high) >> 1
            if bounds[middle] < raw { low = middle &+ 1 } else { high = middle }
        }
        return low
    }
}

extension Duration {
    /// Never negative; ends at UInt64's range (584 years).
    @inlinable
    var wholeNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (scaled, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : scaled &+ UInt64(attoseconds / 1_000_000_000)
    }
}
