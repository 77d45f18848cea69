extension OverloadReport {
    var table: String {
        let head = [
            "misses offered", "", "answered", "refused", "p50", "hits", "p50", "p90", "p99", "max", "health p50", "p99",
        ]
        let text = "\nHits and health checks beside misses; the cluster can make \(Format.rate(missesPerSecond))\n"
        return text + TextTable.lines([head] + levels.map(Self.row))
    }

    private static func row(_ level: Level) -> [String] {
        let misses = level.misses
        return [
            Self.share(level.share), misses.map { Format.rate($0.offeredPerSecond) } ?? "",
            misses.map { Format.count($0.answered) } ?? "", misses.map { Format.count($0.refused) } ?? "",
            misses.map { Format.milliseconds($0.p50) } ?? "", Format.count(level.hits.hits),
        ] + [level.hits.p50, level.hits.p90, level.hits.p99, level.hits.max, level.health.p50, level.health.p99]
            .map(Format.milliseconds)
    }

    var ratioLines: String {
        levels.dropFirst().map { HitsReport.ratioLine("overload p99 \(Self.share($0.share))", $0.hitsRatio) }.joined()
    }

    /// "150 %"
    static func share(_ share: Double) -> String { "\(Format.fixed(share * 100, 0)) %" }

    /// The latency of hits at each load, drawn; nil when there is nothing to draw.
    public var chart: String? {
        let curves = levels.map { level in
            PercentileChart.Curve(
                name: level.share == 0 ? "no misses" : "\(Self.share(level.share)) of capacity",
                note: "99 % within \(Format.milliseconds(level.hits.p99))",
                points: level.distribution.map { ($0.percentile, $0.milliseconds) })
        }
        guard curves.contains(where: { $0.points.count > 1 }), let hits = levels.map(\.hits.hits).min() else { return nil }
        return PercentileChart(
            title: "How long a hit takes while variants are being made",
            note: "Time from when a hit was due to its last byte. The cluster can make \(Format.fixed(missesPerSecond, 0)) "
                + "variants a second; at least \(Format.count(hits)) hits in each curve.",
            curves: curves
        ).svg
    }
}
