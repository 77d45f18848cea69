/// All series of one metric name.
struct MetricFamily: Sendable {
    enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    enum Value: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)
        case read(@Sendable () -> Double)
    }

    struct Series: Sendable {
        let labelValues: [String]
        let value: Value
    }

    let name: String
    let help: String
    let kind: Kind
    let labelNames: [String]
    private(set) var series: [Series] = []

    init(name: String, help: String, kind: Kind, labelNames: [String]) {
        precondition(Self.isName(name), "'\(name)' is no metric name")
        precondition(!help.isEmpty, "\(name) needs a help text")
        precondition((kind == .counter) == name.hasSuffix("_total"), "counters, and only they, end in _total: \(name)")
        precondition(
            labelNames.allSatisfy { Self.isName($0) && !$0.contains(":") && !$0.hasPrefix("__") && $0 != "le" }
                && Set(labelNames).count == labelNames.count,
            "bad label names \(labelNames) of \(name)"
        )
        self.name = name
        self.help = help
        self.kind = kind
        self.labelNames = labelNames
    }

    mutating func series(kind: Kind, labels: [(String, String)], make: () -> Value) -> Value {
        precondition(kind == self.kind, "\(name) is a \(self.kind.rawValue)")
        precondition(labels.map(\.0) == labelNames, "\(name) has the labels \(labelNames)")
        var values = labels.map(\.1)
        if let known = series.first(where: { $0.labelValues == values }) { return known.value }
        if series.count >= MetricsRegistry.maximumSeries - 1 {
            values = labelNames.map { _ in "other" }
            if let known = series.first(where: { $0.labelValues == values }) { return known.value }
        }
        let value = make()
        series.append(Series(labelValues: values, value: value))
        return value
    }

    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`
    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"):
                true
            default: false
            }
        }
    }
}
