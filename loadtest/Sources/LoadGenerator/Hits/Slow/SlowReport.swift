/// Hits of well-behaved clients before an attack by slow ones and during it.
public struct SlowReport: Codable, Sendable {
    /// Resident bytes of the edge's process: before the attack, the most during it, and when it was over.
    public struct Memory: Codable, Sendable {
        public var before: Int
        public var most: Int
        public var after: Int
    }

    /// The share of the time that the edge was on the CPU.
    public struct Busy: Codable, Sendable {
        public var quiet: Double
        public var attacked: Double
    }

    public var attack: SlowAttack
    /// Of the attackers that were to be connected at the same time.
    public var connections: Int
    /// One after the other: the edge throws slow clients out, and they come again.
    public var waves: [SlowRecord]
    public var quiet: SteadyFigures
    public var attacked: SteadyFigures
    public var edgeBusy: Busy
    public var memory: Memory
    /// Attackers that the edge has not noticed to be gone.
    public var leftOver: String?
    /// Of the 99th percentile, during the attack in that before it.
    public var p99: HitComparison.Ratio

    static let goal = 2.0
    /// The share of the attackers that must have been connected for it to be an attack.
    private static let enough = 0.9

    init(
        _ attack: SlowAttack, _ plan: SlowPlan, quiet: SteadyFigures, attacked: SteadyFigures, waves: [SlowRecord],
        edgeBusy: Busy, memory: Memory, leftOver: String? = nil
    ) {
        (self.edgeBusy, self.leftOver) = (edgeBusy, leftOver)
        (self.attack, self.waves, self.quiet, self.attacked) = (attack, waves, quiet, attacked)
        (connections, self.memory) = (plan.connections, memory)
        let most = waves.map(\.mostConnected).max() ?? 0
        p99 =
            if Double(most) < Double(plan.connections) * Self.enough {
                HitComparison.Ratio(
                    refusal: "\(Format.count(most)) of \(Format.count(plan.connections)) attackers were connected", goal: Self.goal)
            } else {
                SteadyFigures.ratio(\.p99, attacked, toQuiet: quiet, goal: Self.goal)
            }
    }

    var failures: [String] {
        quiet.failures.map { "before \(attack.title), hits: \($0)" } + attacked.failures.map { "\(attack.title), hits: \($0)" }
            + (leftOver.map { ["after \(attack.title): \($0)"] } ?? [])
    }

    static func table(_ reports: [SlowReport]) -> String {
        var rows = [["", "attackers", "hits", "p50", "p90", "p99", "max", "edge on CPU", "memory", "afterwards"]]
        for report in reports {
            func row(_ name: String, _ attackers: String, _ figures: SteadyFigures, _ busy: Double, _ memory: [Int]) -> [String] {
                [name, attackers, Format.count(figures.hits)]
                    + [figures.p50, figures.p90, figures.p99, figures.max].map(Format.milliseconds)
                    + [Format.percent(busy)] + memory.map { Format.bytes(Double($0)) }
            }
            let most = report.waves.map(\.mostConnected).max() ?? 0
            rows.append(row("quiet", "", report.quiet, report.edgeBusy.quiet, [report.memory.before, report.memory.before]))
            rows.append(
                row(
                    report.attack.title, Format.count(most), report.attacked, report.edgeBusy.attacked,
                    [report.memory.most, report.memory.after]))
        }
        return "\nHits of well-behaved clients beside slow ones\n" + TextTable.lines(rows)
    }

    static func ratioLines(_ reports: [SlowReport]) -> String {
        reports.map { HitsReport.ratioLine("slow \($0.attack.rawValue) p99", $0.p99) }.joined()
    }
}
