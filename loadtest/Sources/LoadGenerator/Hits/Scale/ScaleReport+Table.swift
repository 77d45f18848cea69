extension ScaleReport {
    var table: String {
        var text = ""
        if let loops {
            text += "\nCPU per hit by event loops, on both cores\n"
            text += TextTable.lines([Self.costHead("loops")] + [
                Self.costRow("1", loops.one), Self.costRow("2", loops.two),
            ])
        }
        if let crowd {
            text += "\nHits on busy connections, beside idle ones\n"
            text += TextTable.lines([
                ["", "hits", "p50", "p90", "p99", "max", "memory"],
                Self.crowdRow("busy alone", crowd.alone, crowd.residentBytes.busy),
                Self.crowdRow("and the idle", crowd.crowded, crowd.residentBytes.all),
            ])
            text += "the edge had \(Format.bytes(Double(crowd.residentBytes.before))) before any connection\n"
        }
        if let objects {
            text += "\nCPU per hit by cached objects, all of them asked for alike\n"
            text += TextTable.lines(
                [Self.costHead("objects") + ["memory tier", "filled"]]
                    + objects.map {
                        Self.costRow(Format.count($0.count), $0.rounds)
                            + [Format.bytes(Double($0.memoryTierBytes)), Format.rate($0.filledPerSecond)]
                    })
        }
        return text
    }

    /// `ratio scale …: VALUE`, or `no ratio …`.
    var ratioLines: String {
        var text = ""
        if let loops { text += HitsReport.ratioLine("scale loops 2", loops.ratio) }
        if let crowd {
            text += HitsReport.ratioLine("scale idle p50", crowd.p50) + HitsReport.ratioLine("scale idle p99", crowd.p99)
        }
        for objects in (objects ?? []).dropFirst() {
            text += HitsReport.ratioLine("scale objects \(objects.count)", objects.ratio)
        }
        return text
    }

    private static func costHead(_ subject: String) -> [String] { [subject, "CPU per hit", "min", "max", "hits"] }

    private static func costRow(_ subject: String, _ rounds: [CostRound]) -> [String] {
        let costs = rounds.map(\.cpuMicroseconds)
        return [subject] + [PurgeRun.median(costs), costs.min() ?? 0, costs.max() ?? 0].map { "\(Format.fixed($0, 2)) µs" }
            + [Format.count(rounds.map(\.hits).reduce(0, +))]
    }

    private static func crowdRow(_ name: String, _ figures: SteadyFigures, _ resident: Int) -> [String] {
        [name, Format.count(figures.hits)]
            + [figures.p50, figures.p90, figures.p99, figures.max].map(Format.milliseconds)
            + [Format.bytes(Double(resident))]
    }
}
