internal import Foundation
internal import Glibc

/// `kill -9`, again and again, under load: the promise over crashes (docs/purge.md).
///
/// Clients ask every edge without a pause, commanders change pictures and purge, erase and lift them, and cycle after
/// cycle an edge or the origin is killed at a moment that hurts, and started again. The seed decides what is asked,
/// commanded and killed; the operating system decides the instants, so a seed repeats a run's shape and not its every step.
public struct CrashRun: Sendable {
    public var seed: UInt64
    public var cycles: Int
    /// Ends before a cycle that would begin later: seconds from the start of the first one.
    public var seconds: Double
    /// The folder with `up`, `down` and `node`.
    public var tools: String

    private static let edges = 3
    /// Short, so that an edge that a cycle leaves without its origin feels it; the origin is back before.
    private static let lease = 4

    public init(seed: UInt64, cycles: Int, seconds: Double, tools: String) {
        self.seed = seed
        self.cycles = cycles
        self.seconds = seconds
        self.tools = tools
    }

    /// When a node is killed.
    enum Moment: String, CaseIterable {
        /// Right after Completed was seen.
        case acknowledgement
        /// While a command's bytes travel to the origin or into its journal.
        case append
        /// While nodes apply a command and write that down.
        case apply
        /// While matched objects are swept off the index.
        case sweep
        /// While the edge's compaction moves records.
        case compaction
        case any
    }

    /// Blocks until it is over; call it on a thread of its own.
    /// - Parameter tell: gets a line now and then.
    /// - Throws: when the cluster can't be run. What breaks the promise is in the report.
    public func run(tell: @escaping @Sendable (String) -> Void) throws -> ProofReport {
        var report = ProofReport(proof: "crash", seed: seed)
        let stage = try ProofStage(ProofStage.Plan(
            seed: seed, edges: Self.edges, lease: Self.lease, changing: 18, untouched: 4, clientsPerEdge: 2, commanders: 3,
            clientPace: 2_000, commandPace: 20_000, allEvery: 300, diskBytes: 6 << 20, patience: 60, tools: tools,
            relayed: false))
        report.caches = "6 MiB on each disk"
        let began = monotonicNow()
        do {
            stage.startClientsAndCommanders()
            var cycle = 0
            while cycle < cycles, stage.record.violations == 0, Double(monotonicNow() - began) / 1e9 < seconds {
                try perform(cycle, on: stage, &report)
                stage.record.judge()
                cycle += 1
                if cycle.isMultiple(of: 25) {
                    tell("\(cycle) cycles in \(Format.seconds(Double(monotonicNow() - began) / 1e9)): \(stage.record.findings.line)")
                }
            }
            report.cycles = cycle
            stage.settle()
        } catch {
            stage.record.end()
            _ = try? stage.down()
            throw error
        }
        try report.finish(stage, began: began)
        return report
    }

    private func perform(_ cycle: Int, on stage: ProofStage, _ report: inout ProofReport) throws {
        let draws = SeededDraws(seed: seed &+ 5)
        let moment = Moment.allCases[draws.index(below: Moment.allCases.count, at: cycle, stream: 0)]
        let edge = draws.index(below: Self.edges, at: cycle, stream: 1)
        let names = victims(moment, edge: edge, draw: draws.index(below: 100, at: cycle, stream: 2))
        wait(for: moment, at: edge, on: stage, draw: draws.index(below: 1_000, at: cycle, stream: 3))
        for name in names where stage.cluster.kill(name) {
            report.kills[name == "origin-1" ? "origin" : "edge", default: 0] += 1
        }
        report.moments[moment.rawValue, default: 0] += 1
        // The origin first: no edge is ready before it has heard from one.
        for name in names.sorted(by: >) {
            let start = monotonicNow()
            try stage.cluster.start(name)
            report.slowestStartMilliseconds = max(report.slowestStartMilliseconds, Double((monotonicNow() - start) / 1_000_000))
        }
        if names != ["origin-1"] { stage.askUntouched(of: edge) }
    }

    /// In the order of their deaths. The origin has no sweep that a client could see, and edges have no append.
    private func victims(_ moment: Moment, edge: Int, draw: Int) -> [String] {
        let edge = "edge-\(edge + 1)"
        return switch moment {
        case .append: draw < 80 ? ["origin-1"] : [edge, "origin-1"]
        case .compaction: [edge]
        case .sweep, .apply: draw < 75 ? [edge] : ["origin-1"]
        case .acknowledgement, .any: draw < 45 ? [edge] : draw < 90 ? ["origin-1"] : ["origin-1", edge]
        }
    }

    private func wait(for moment: Moment, at edge: Int, on stage: ProofStage, draw: Int) {
        switch moment {
        case .acknowledgement: stage.moments.waitForNext(.completed, seconds: 5)
        case .append:
            stage.moments.waitForNext(.issuing, seconds: 5)
            usleep(UInt32(draw * 4))
        case .apply:
            stage.moments.waitForNext(.acknowledged, seconds: 5)
            usleep(UInt32(draw * 6))
        case .sweep:
            stage.moments.waitForNext(.completed, seconds: 5)
            usleep(UInt32(draw * 40))
        case .compaction: waitForCompaction(at: edge, on: stage)
        case .any: usleep(UInt32(draw * 300))
        }
    }

    /// Until the edge has moved more bytes than a moment ago, at most 2 s: it may have nothing to compact.
    private func waitForCompaction(at edge: Int, on stage: ProofStage) {
        let name = "edge-\(edge + 1)"
        let deadline = monotonicNow() + 2_000_000_000
        let before = stage.cluster.metric("vignette_cache_moved_bytes_total", of: name) ?? 0
        while monotonicNow() < deadline {
            let now = stage.cluster.metric("vignette_cache_moved_bytes_total", of: name) ?? 0
            if now > before { return }
            usleep(2_000)
        }
    }
}
