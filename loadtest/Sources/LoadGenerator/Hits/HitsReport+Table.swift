extension HitsReport {
    /// For a terminal, with a line feed at its end: figures, then a line for each ratio.
    public var table: String {
        let besideNginx = "the edge beside \(programs.nginx), load by \(programs.wrk) and \(programs.h2load)\n"
        let isAlone = Set(plan.parts).isDisjoint(with: [.cpu, .syscalls, .idle])
        var text = isAlone ? "the edge by itself\n" : besideNginx
        if let cpu { text += "\n\(cpuHead)\n" + TextTable.lines(cpuRows(cpu), leading: 3) }
        if let systemCalls {
            text += "\nSystem calls per hit of \(Self.size(systemCalls.size)), counted by \(systemCalls.counter)\n"
            text += TextTable.lines(Self.callRows(systemCalls))
        }
        if let idle {
            text += "\nMemory of \(Format.count(idle.connections)) idle keep-alive connections\n"
            text += TextTable.lines(Self.idleRows(idle))
        }
        text += scale?.table ?? ""
        text += overload?.table ?? ""
        text += slow.map(SlowReport.table) ?? ""
        text += "\n" + (cpu ?? []).map(Self.ratioLines).joined()
        if let systemCalls {
            text += "edge: \(Format.fixed(systemCalls.edge.all, 2)) system calls per hit"
            text += Self.verdict("\(Format.fixed(systemCalls.goal, 1))", systemCalls.isMet)
        }
        if let idle {
            text += "edge: \(Format.count(Int(idle.edge.bytesPerConnection))) B per idle connection"
            text += Self.verdict("\(Format.count(Int(idle.goal))) B", idle.isMet)
        }
        text += scale?.ratioLines ?? ""
        text += overload?.ratioLines ?? ""
        text += slow.map(SlowReport.ratioLines) ?? ""
        for failure in failures { text += "failed: \(failure)\n" }
        for warning in warnings { text += "warning: \(warning)\n" }
        return text
    }

    private var cpuHead: String {
        "CPU per hit: \(plan.rounds) round\(plan.rounds == 1 ? "" : "s") of \(plan.seconds) s each, in turn; "
            + "\(plan.connections) connections (HTTP/2: \(H2Load.connections) of \(H2Load.streams) streams), "
            + "\(Format.count(plan.objects)) URLs of each size"
    }

    private func cpuRows(_ comparisons: [HitComparison]) -> [[String]] {
        let head = [
            "body", "from", "server", "CPU per hit", "min", "max", "hits", "p50", "p99", "its core", "generator's",
        ]
        return [head]
            + comparisons.flatMap { comparison in
                [(HitServer.edge, comparison.edge), (.nginx, comparison.nginx)].map { server, rounds in
                    let costs = rounds.map(\.cpuMicroseconds)
                    func median(_ figure: (HitRound) -> Double) -> Double { PurgeRun.median(rounds.map(figure)) }
                    func milliseconds(_ figure: (HitRound) -> Double?) -> String {
                        let known = rounds.compactMap(figure)
                        return known.isEmpty ? "" : Format.milliseconds(PurgeRun.median(known))
                    }
                    func microseconds(_ value: Double) -> String { "\(Format.fixed(value, 2)) µs" }
                    return [
                        server == .edge ? "\(comparison.proto.title), \(Self.size(comparison.size))" : "",
                        server == .edge ? comparison.tier.rawValue : "", server.rawValue,
                        microseconds(PurgeRun.median(costs)), microseconds(costs.min() ?? 0),
                        microseconds(costs.max() ?? 0), Format.rate(median(\.requestsPerSecond)),
                        milliseconds(\.p50), milliseconds(\.p99),
                        Format.percent(median(\.serverBusy)), Format.percent(median(\.generatorBusy)),
                    ]
                }
            }
    }

    private static func callRows(_ calls: SystemCalls) -> [[String]] {
        let names = Set(calls.edge.byName.keys).union(calls.nginx.byName.keys).sorted {
            let (left, right) = (calls.edge.byName[$0] ?? 0, calls.edge.byName[$1] ?? 0)
            return left == right ? $0 < $1 : left > right
        }
        func cell(_ value: Double?) -> String { value.map { Format.fixed($0, 3) } ?? "" }
        return [["", "edge", "nginx"]] + names.map { [$0, cell(calls.edge.byName[$0]), cell(calls.nginx.byName[$0])] }
            + [["all", cell(calls.edge.all), cell(calls.nginx.all)]]
    }

    private static func idleRows(_ idle: Idle) -> [[String]] {
        func row(_ name: String, _ memory: Idle.Memory) -> [String] {
            [
                name, Format.bytes(Double(memory.residentBytesBefore)), Format.bytes(Double(memory.residentBytes)),
                "\(Format.count(Int(memory.bytesPerConnection))) B",
            ]
        }
        return [["", "before", "with them", "per connection"], row("edge", idle.edge), row("nginx", idle.nginx)]
    }

    /// `ratio NAME: VALUE`; where there is none the line begins with `no ratio`.
    static func ratioLine(_ name: String, _ ratio: HitComparison.Ratio) -> String {
        guard let value = ratio.value else { return "no ratio \(name): \(ratio.refusal ?? "")\n" }
        let text = "ratio \(name): \(Format.fixed(value, 3))"
        guard let goal = ratio.goal, let isMet = ratio.isMet else { return text + "\n" }
        return text + verdict(Format.fixed(goal, 2), isMet)
    }

    /// `ratio PROTOCOL FIGURE BYTES`: the edge's in nginx's.
    private static func ratioLines(_ comparison: HitComparison) -> String {
        func line(_ figure: String, _ ratio: HitComparison.Ratio) -> String {
            ratioLine("\(comparison.proto.rawValue) \(figure) \(comparison.size)", ratio)
        }
        return line("cpu", comparison.cpu) + line("throughput", comparison.throughput)
    }

    private static func verdict(_ goal: String, _ isMet: Bool) -> String {
        " (goal ≤ \(goal): \(isMet ? "met" : "not met"))\n"
    }

    private static func size(_ bytes: Int) -> String {
        switch bytes {
        case let bytes where bytes.isMultiple(of: 1 << 20): "\(bytes >> 20) MiB"
        case let bytes where bytes.isMultiple(of: 1 << 10): "\(bytes >> 10) KiB"
        default: "\(Format.count(bytes)) B"
        }
    }
}
