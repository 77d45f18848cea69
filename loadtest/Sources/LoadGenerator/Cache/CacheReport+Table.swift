extension CacheReport {
    /// For a terminal, with a line feed at its end.
    public var table: String {
        var text = ""
        if let ratio { text += "\(ratioHead)\n" + TextTable.lines(ratioRows(ratio)) + "\n" }
        if let speed { text += "Look-ups\n" + TextTable.lines(speedRows(speed)) + "\n" }
        if let scale { text += "Growth\n" + TextTable.lines(scaleRows(scale)) + "\n" }
        for warning in warnings { text += "warning: \(warning)\n" }
        return text
    }

    private var ratioHead: String {
        let sizes = (sizes ?? []).map { Format.bytes(Double($0)) }.joined(separator: ", ")
        return "Hit ratios: \(Format.count(plan.accesses)) accesses to \(Format.count(plan.catalogue)) objects, "
            + "Zipf \(plan.zipfExponent), p50, p90, p99: \(sizes)"
    }

    private func ratioRows(_ ratios: [Ratio]) -> [[String]] {
        let head = [
            "limit", "eviction", "admission", "hits", "reference", "differ", "ratio", "ideal LRU", "by bytes", "written/filled",
            "dead, most",
        ]
        return [head]
            + ratios.map { row in
                [
                    Format.bytes(Double(row.diskBytes)), row.eviction, row.admission, Format.count(row.hits),
                    row.referenceHits.map(Format.count) ?? "", row.deviations.map(Format.count) ?? "",
                    Format.percent(row.hitRatio), Format.percent(row.idealHitRatio), Format.percent(row.byteHitRatio),
                    Format.fixed(row.writtenPerFilled, 3), Format.percent(row.greatestDeadShare),
                ]
            }
    }

    private func speedRows(_ speeds: [Speed]) -> [[String]] {
        let threads = (speeds.first?.mixed ?? []).map { "95/5, \($0.threads) thread\($0.threads == 1 ? "" : "s")" }
        return [["eviction", "objects", "memory hit", "disk hit", "miss"] + threads]
            + speeds.map { row in
                [row.eviction, Format.count(row.objects)]
                    + [row.memoryHit, row.diskHit, row.miss].map { "\(Format.fixed($0, 0)) ns" }
                    + row.mixed.map { Format.rate($0.operationsPerSecond) }
            }
    }

    /// One row a figure, one column a number of objects.
    private func scaleRows(_ scales: [Scale]) -> [[String]] {
        func row(_ name: String, _ goal: String, _ value: (Scale) -> String) -> [String] { [name] + scales.map(value) + [goal] }
        func bytes(_ value: Double) -> String { "\(Format.fixed(value, 1)) B" }
        var rows = [["objects"] + scales.map { Format.count($0.objects) } + ["goal at 1,000,000"]]
        rows += [
            row("index, per object", "≤ 64 B") { bytes($0.indexBytesPerObject) },
            row("process grew by, per object", "≤ 64 B") { bytes($0.residentBytesPerObject) },
            row("the same after a restart", "≤ 64 B") { bytes($0.residentBytesPerObjectRestarted) },
            ["each more object, restarted"] + moreCosts(scales) + ["≤ 64 B"],
            row("fills", "") { Format.rate($0.fillsPerSecond) },
            row("hit from the page cache", "") { "\(Format.fixed($0.diskHit, 0)) ns" },
            row("checkpoint", "") {
                "\(Format.milliseconds($0.checkpointMilliseconds)), \(Format.bytes(Double($0.checkpointBytes)))"
            },
        ]
        for (name, restart) in [
            ("after kill -9", \Scale.afterKill), ("after a stop", \Scale.afterStop), ("checkpoint lost", \Scale.withoutCheckpoint),
        ] {
            rows += [
                row("\(name): first hit", "≤ 1 s") { Format.milliseconds($0[keyPath: restart].firstHit) },
                row("\(name): all", "≤ 2 s") { Format.milliseconds($0[keyPath: restart].all) },
            ]
        }
        return rows
    }

    /// What the process grew by for each object beyond those of the column before: what does not grow is left out.
    private func moreCosts(_ scales: [Scale]) -> [String] {
        func bytes(_ scale: Scale) -> Double { scale.residentBytesPerObjectRestarted * Double(scale.objects) }
        return [""] + zip(scales, scales.dropFirst()).map { fewer, more in
            "\(Format.fixed((bytes(more) - bytes(fewer)) / Double(more.objects - fewer.objects), 1)) B"
        }
    }
}
