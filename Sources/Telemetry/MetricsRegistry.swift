internal import Synchronization

/// All metrics of one process. A handle (``Counter``, ``Gauge``, ``Histogram``) is resolved once, at start, and kept;
/// asking again for the same name and labels returns the same handle. Names and labels are the programmer's, so a bad one
/// stops the program at start: they follow Prometheus' naming rules (base units `_seconds` and `_bytes`, counters end in
/// `_total`), and all series of a name have the same label names.
///
/// A name never has more than ``maximumSeries`` series: what is asked for beyond them shares one series whose label
/// values are `other`.
public final class MetricsRegistry: Sendable {
    public static let maximumSeries = 256

    private struct State {
        var families: [MetricFamily] = []
        var index: [String: Int] = [:]
    }

    private let state = Mutex(State())

    public init() {}

    public func counter(_ name: String, help: String, labels: KeyValuePairs<String, String> = [:]) -> Counter {
        let value = series(name, help: help, kind: .counter, labels: labels) { .counter(Counter()) }
        guard case .counter(let counter) = value else { preconditionFailure("\(name) is read by a closure") }
        return counter
    }

    /// One counter per value of `label`, together with the fixed `labels`.
    public func counters<Label: MetricLabel>(
        _ name: String, help: String, label: String, of _: Label.Type, labels: KeyValuePairs<String, String> = [:]
    ) -> CounterSet<Label> {
        CounterSet(
            Label.allCases.map { value in
                let all = labels.map { ($0.key, $0.value) } + [(label, value.label)]
                let made = series(name, help: help, kind: .counter, labels: all) { .counter(Counter()) }
                guard case .counter(let counter) = made else { preconditionFailure("\(name) is read by a closure") }
                return counter
            }
        )
    }

    public func gauge(_ name: String, help: String, labels: KeyValuePairs<String, String> = [:]) -> Gauge {
        let value = series(name, help: help, kind: .gauge, labels: labels) { .gauge(Gauge()) }
        guard case .gauge(let gauge) = value else { preconditionFailure("\(name) is read by a closure") }
        return gauge
    }

    public func histogram(
        _ name: String, help: String, buckets: HistogramBuckets = .seconds, labels: KeyValuePairs<String, String> = [:]
    ) -> Histogram {
        let value = series(name, help: help, kind: .histogram, labels: labels) {
            .histogram(Histogram(buckets: buckets))
        }
        guard case .histogram(let histogram) = value else { preconditionFailure("\(name) is no histogram") }
        return histogram
    }

    /// A gauge that is read at each scrape. `read` must be quick and must not wait.
    public func gauge(
        _ name: String, help: String, labels: KeyValuePairs<String, String> = [:], read: @escaping @Sendable () -> Double
    ) {
        _ = series(name, help: help, kind: .gauge, labels: labels) { .read(read) }
    }

    /// A counter that is read at each scrape from where it is already kept. `read` must be quick, must not wait, and must
    /// never fall.
    public func counter(
        _ name: String, help: String, labels: KeyValuePairs<String, String> = [:], read: @escaping @Sendable () -> Double
    ) {
        _ = series(name, help: help, kind: .counter, labels: labels) { .read(read) }
    }

    /// Everything in Prometheus' text format 0.0.4, in the order of registration.
    public func prometheusText() -> [UInt8] {
        // Values are read outside the lock: a closure may register a metric of its own.
        let families = state.withLock { $0.families }
        var text = PrometheusText()
        for family in families {
            text.append(family)
        }
        return text.bytes
    }

    private func series(
        _ name: String, help: String, kind: MetricFamily.Kind, labels: KeyValuePairs<String, String>,
        make: () -> MetricFamily.Value
    ) -> MetricFamily.Value {
        series(name, help: help, kind: kind, labels: labels.map { ($0.key, $0.value) }, make: make)
    }

    private func series(
        _ name: String, help: String, kind: MetricFamily.Kind, labels: [(String, String)],
        make: () -> MetricFamily.Value
    ) -> MetricFamily.Value {
        state.withLock { state in
            let position: Int
            if let known = state.index[name] {
                position = known
            } else {
                position = state.families.count
                state.families.append(MetricFamily(name: name, help: help, kind: kind, labelNames: labels.map(\.0)))
                state.index[name] = position
            }
            return state.families[position].series(kind: kind, labels: labels, make: make)
        }
    }
}
