import Testing

@testable import Telemetry

@Suite("Counting from many threads")
struct CountingTests {
    @Test("nothing is lost, through the shared handle and through cells")
    func concurrent() async {
        let registry = MetricsRegistry()
        let counter = registry.counter("events_total", help: "Events.")
        let histogram = registry.histogram("work_seconds", help: "Work.")
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                let countCell = counter.cell()
                let timeCell = histogram.cell()
                group.addTask {
                    for value in 0..<20_000 {
                        counter.increment()
                        countCell.increment(by: 2)
                        histogram.record(UInt64(value))
                        timeCell.record(.nanoseconds(value))
                    }
                }
            }
        }

        #expect(counter.value == 8 * 20_000 * 3)
        #expect(histogram.count == 8 * 20_000 * 2)
        #expect(histogram.snapshot().sum == 8 * 2 * (19_999 * 20_000 / 2))
    }

    @Test("a value falls into the bucket whose bound it reaches", arguments: [
        (0, 0), (10, 0), (11, 1), (20, 1), (21, 2), (30, 2), (31, 3), (UInt64.max, 3),
    ])
    func buckets(value: UInt64, bucket: Int) {
        let histogram = Histogram(buckets: HistogramBuckets(bounds: [10, 20, 30], rawPerUnit: 1))
        histogram.record(value)
        let expected = (0...3).map { $0 == bucket ? UInt64(1) : 0 }

        #expect(histogram.snapshot().counts == expected)
    }

    @Test("a clock that went backwards counts as no time")
    func negativeDuration() {
        let histogram = Histogram(buckets: .seconds)
        histogram.record(.seconds(-3))

        #expect(histogram.snapshot().counts[0] == 1)
        #expect(histogram.snapshot().sum == 0)
    }
}
