extension LoadResult {
    /// The result as text for a terminal, with a line feed at its end.
    public var table: String {
        var rows: [(String, String)] = [
            ("scenario", scenario.name),
            ("load", loadDescription),
            ("endpoints", endpoints.joined(separator: ", ")),
            ("URLs", "\(Format.count(urls)), seed \(seed)"),
            ("measured", "\(Format.seconds(measuredSeconds)) after \(Format.seconds(scenario.warmupSeconds)) warm-up"),
            ("throughput", "\(Format.rate(throughput.requestsPerSecond)), \(Format.bytes(throughput.bodyBytesPerSecond))/s"),
            ("requests", "\(Format.count(requests.sent)) sent, \(Format.count(requests.answered)) answered"),
            ("bytes", "\(Format.bytes(Double(bytes.body))) bodies, \(Format.bytes(Double(bytes.head))) heads"),
            ("status", status.isEmpty ? "none" : Format.counts(status)),
            ("Cache-Status", cacheStatus.isEmpty ? "none" : Format.counts(cacheStatus)),
        ]
        if collapsed > 0 { rows.append(("  collapsed", Format.count(collapsed))) }
        if !cacheDetails.isEmpty { rows.append(("  details", Format.counts(cacheDetails))) }
        rows.append(("errors", errors.isEmpty ? "none" : Format.counts(errors)))
        rows.append(("connections", "\(Format.count(connections.opened)) opened"))
        rows.append(("generator", "\(generator.loops) loop\(generator.loops == 1 ? "" : "s"), busiest \(Format.percent(generator.busiestLoop)) on CPU"))
        let width = rows.map(\.0.count).max() ?? 0
        var text = rows.map { "\(Self.padded($0.0, width))  \($0.1)\n" }.joined()
        text += "\n" + latencyTable
        for warning in warnings {
            text += "\nwarning: \(warning)\n"
        }
        return text
    }

    private var loadDescription: String {
        switch scenario.load {
        case .open(let rate, let maxConnections): "open loop, \(Format.rate(rate)), at most \(maxConnections) connections"
        case .closed(let connections): "closed loop, \(connections) connections"
        }
    }

    private var latencyTable: String {
        var lines: [(String, LatencySummary)] = []
        if let latency { lines.append(("latency", latency)) }
        if latencyByCacheStatus.count > 1 {
            lines += latencyByCacheStatus.sorted { $0.key < $1.key }.map { ("  \($0.key)", $0.value) }
        }
        // In a closed loop a request is sent when it is intended, so this would repeat the latency.
        if let scheduleLag {
            if let serviceTime { lines.append(("service time", serviceTime)) }
            lines.append(("schedule lag", scheduleLag))
        }
        let header = ["", "count", "p50", "p90", "p99", "p99.9", "max"]
        let cells = [header] + lines.map { name, summary in
            [name, Format.count(summary.count)]
                + [summary.p50, summary.p90, summary.p99, summary.p99_9, summary.max].map(Format.milliseconds)
        }
        let widths = header.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { row in
            let columns = row.indices.map { column in
                column == 0 ? Self.padded(row[0], widths[0]) : Self.padded(row[column], widths[column], right: true)
            }
            return columns.joined(separator: "  ") + "\n"
        }.joined()
    }

    private static func padded(_ text: String, _ width: Int, right: Bool = false) -> String {
        let spaces = String(repeating: " ", count: max(0, width - text.count))
        return right ? spaces + text : text + spaces
    }
}
