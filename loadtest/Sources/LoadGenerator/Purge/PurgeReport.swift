public import Foundation

/// What `vignette-loadtest purge` measured: the JSON that `--json` writes. Times are milliseconds.
public struct PurgeReport: ResultFile, Codable, Sendable {
    public struct Latency: Codable, Sendable {
        /// From the time a purge was due to its Completed.
        public var completed: LatencySummary
        /// Of the hits meanwhile, from the time they were due.
        public var hits: LatencySummary?
        public var hitsPerSecond: Double
        public var failedHits: Int
    }

    public struct Tag: Codable, Sendable {
        /// Copies that the edges held when the tag was purged, and how fast they had been filled.
        public var objects: Int
        public var filledPerSecond: Double
        /// Each round's purge of the tag.
        public var tag: [Double]
        /// Purges of one URL each, before and after.
        public var url: LatencySummary
        /// The same right after the tag, while its objects are swept.
        public var urlDuringSweep: LatencySummary
        /// The tag's median over the URLs' median.
        public var ratio: Double
    }

    public struct CutOff: Codable, Sendable {
        public var lease: Int
        public var completed: [Double]
    }

    public struct Rules: Codable, Sendable {
        /// As the edge counts them when the rounds began.
        public var liveRules: Int
        public var issuedPerSecond: Double
        /// CPU microseconds of the edge per request, by round.
        public var with: [Double]
        public var without: [Double]
        /// Of the rounds' medians.
        public var ratio: Double
        public var edgeMemoryWith: Int
        public var edgeMemoryWithout: Int
    }

    /// The format of this file.
    public var version = 1
    public var date = Date()
    public var machine = Machine.current()
    public var plan: PurgePlan
    public var latency: Latency?
    public var tag: Tag?
    public var cutOff: CutOff?
    public var rules: Rules?
    /// What a reader must know before believing the numbers.
    public var warnings: [String] = []

    init(plan: PurgePlan) {
        self.plan = plan
    }

    /// For a terminal, with a line feed at its end: what was measured beside the goal.
    public var table: String {
        func pair(_ first: Double, _ second: Double) -> String { "\(Format.milliseconds(first)), \(Format.milliseconds(second))" }
        var rows = [("", "measured", "goal")]
        if let latency {
            rows += [
                ("purge to Completed, P50", Format.milliseconds(latency.completed.p50), "≤ 10 ms"),
                ("purge to Completed, P99", Format.milliseconds(latency.completed.p99), "≤ 50 ms"),
                (
                    "purge to Completed, slowest of \(Format.count(latency.completed.count))",
                    Format.milliseconds(latency.completed.max), ""
                ),
                ("hits meanwhile", Format.rate(latency.hitsPerSecond), Format.rate(plan.hitsPerSecond)),
                ("hits that failed", Format.count(latency.failedHits), "0"),
            ]
            if let hits = latency.hits { rows.append(("hits meanwhile, P50 and P99", pair(hits.p50, hits.p99), "")) }
        }
        if let tag {
            rows += [
                ("a tag with \(Format.count(tag.objects)) objects", tag.tag.map(Format.milliseconds).joined(separator: ", "), ""),
                ("one URL, P50 and P99", pair(tag.url.p50, tag.url.p99), ""),
                ("one URL while they are swept", pair(tag.urlDuringSweep.p50, tag.urlDuringSweep.p99), ""),
                ("filled before, objects", Format.rate(tag.filledPerSecond), ""),
                ("tag over URL", "\(Format.fixed(tag.ratio, 2)) ×", "≤ 1.2 ×"),
            ]
        }
        if let cutOff {
            rows.append((
                "one edge stopped, lease \(cutOff.lease) s", cutOff.completed.map(Format.milliseconds).joined(separator: ", "),
                "≤ \(Format.milliseconds(Double(cutOff.lease) * 1_000 + 500))"))
        }
        if let rules {
            rows += [
                ("CPU of a hit, \(Format.count(rules.liveRules)) live rules", "\(Format.fixed(PurgeRun.median(rules.with), 2)) µs", ""),
                ("CPU of a hit, no rules", "\(Format.fixed(PurgeRun.median(rules.without), 2)) µs", ""),
                ("with over without", "\(Format.fixed(rules.ratio, 3)) ×", "≤ 1.1 ×"),
                ("memory of the edge with them", Format.bytes(Double(rules.edgeMemoryWith)), ""),
                ("memory of the edge without", Format.bytes(Double(rules.edgeMemoryWithout)), ""),
                ("rules issued", Format.rate(rules.issuedPerSecond), ""),
            ]
        }
        let widths = (0..<2).map { column in rows.map { (column == 0 ? $0.0 : $0.1).count }.max() ?? 0 }
        func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: width - text.count) }
        var text = ""
        for row in rows {
            text += "\(padded(row.0, widths[0]))  \(row.2.isEmpty ? row.1 : padded(row.1, widths[1]) + "  " + row.2)\n"
        }
        for warning in warnings { text += "\nwarning: \(warning)\n" }
        return text
    }
}
