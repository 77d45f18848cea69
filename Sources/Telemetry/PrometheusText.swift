/// Writes Prometheus' text exposition format, version 0.0.4.
struct PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var bytes: [UInt8] = []

    mutating func append(_ family: MetricFamily) {
        append("# HELP \(family.name) \(Self.escapedHelp(family.help))\n")
        append("# TYPE \(family.name) \(family.kind.rawValue)\n")
        for series in family.series {
            let labels = zip(family.labelNames, series.labelValues).map { "\($0)=\"\(Self.escapedValue($1))\"" }
            switch series.value {
            case .counter(let counter): sample(family.name, labels, "\(counter.value)")
            case .gauge(let gauge): sample(family.name, labels, "\(gauge.value)")
            case .read(let read): sample(family.name, labels, Self.number(read()))
            case .histogram(let histogram): append(histogram, family.name, labels)
            }
        }
    }

    private mutating func append(_ histogram: Histogram, _ name: String, _ labels: [String]) {
        let (counts, sum) = histogram.snapshot()
        let bounds = histogram.buckets.bounds.map { Self.number(Double($0) / histogram.buckets.rawPerUnit) } + ["+Inf"]
        var total: UInt64 = 0
        for (bound, count) in zip(bounds, counts) {
            total &+= count
            sample("\(name)_bucket", labels + ["le=\"\(bound)\""], "\(total)")
        }
        sample("\(name)_sum", labels, Self.number(Double(sum) / histogram.buckets.rawPerUnit))
        sample("\(name)_count", labels, "\(total)")
    }

    private mutating func sample(_ name: String, _ labels: [String], _ value: String) {
        append(labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels.joined(separator: ","))} \(value)\n")
    }

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return if let whole = Int64(exactly: value) { "\(whole)" } else { "\(value)" }
    }

    private static func escapedHelp(_ text: String) -> String {
        escaped(text, quotes: false)
    }

    private static func escapedValue(_ text: String) -> String {
        escaped(text, quotes: true)
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
