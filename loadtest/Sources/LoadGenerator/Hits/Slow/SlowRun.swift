internal import Foundation
internal import Glibc

/// Measures hits of well-behaved clients while many others are slow on purpose.
struct SlowRun {
    private let plan: SlowPlan
    private let site: RunSite

    private static let edge = "edge-1"
    private static let large = "noise.png"

    init(_ site: RunSite) {
        (plan, self.site) = (site.plan.slow, site)
    }

    func run(_ report: inout HitsReport) throws {
        let sources = site.folder + "/pictures"
        try FileManager.default.createDirectory(atPath: sources, withIntermediateDirectories: true)
        try Data(ColdVariants.source()).write(to: URL(fileURLWithPath: "\(sources)/\(ColdVariants.name)"))
        try Data(Self.noise()).write(to: URL(fileURLWithPath: "\(sources)/\(Self.large)"))
        try IdleConnections.allowDescriptors(plan.connections + 1_000)
        try PictureStage.with(edges: 1, sources: sources, site) { stage in
            try Cores.pin(stage.pid(of: Self.edge), to: site.cores.server)
            try stage.fill(Self.edge, with: ColdVariants.hot, connections: 4)
            let large = Traffic(name: "large", urls: .paths([target(of: .read, stage)]))
            try stage.fill(Self.edge, with: large, connections: 1)
            try stage.awaitWritten(Self.edge)
            _ = try hits(stage)
            for attack in SlowAttack.allCases {
                report.attempt("slow, \(attack.title)", site.stop) { $0.slow = ($0.slow ?? []) + [try measure(attack, stage)] }
            }
        }
    }

    /// A megabyte, however it is encoded.
    private static func noise(width: Int = 700, height: Int = 520) -> [UInt8] {
        let draws = SeededDraws(seed: 2)
        var rows: [UInt8] = []
        for y in 0..<height {
            rows.append(0)
            for x in 0..<width * 3 { rows.append(UInt8(truncatingIfNeeded: draws.bits(at: y * width * 3 + x, stream: 0))) }
        }
        return PNGFile.bytes(width: width, height: height, colours: .rgb, rows: rows)
    }

    /// Slow heads ask for something small; slow readers for what no socket takes at once.
    private func target(of attack: SlowAttack, _ stage: PictureStage) -> String {
        switch attack {
        case .headers: "/\(stage.cluster.account)/tr:w-48,h-1,f-jpg/\(ColdVariants.name)"
        case .read: "/\(stage.cluster.account)/tr:f-png/\(Self.large)"
        }
    }

    private func hits(_ stage: PictureStage) throws -> (figures: SteadyFigures, edgeBusy: Double) {
        let pid = try stage.pid(of: Self.edge)
        let load = try plan.hits.load(
            ColdVariants.hot, of: stage.endpoint(of: Self.edge), account: stage.cluster.account, seconds: plan.seconds)
        let (cpu, began) = (cpuTime(ofProcess: pid), monotonicNow())
        let figures = SteadyFigures(try LoadsTogether.run([load], stop: site.stop)[0])
        let busy = Double(cpuTime(ofProcess: pid) - cpu) / Double(monotonicNow() - began)
        return (figures, (busy * 1e4).rounded() / 1e4)
    }

    private func measure(_ attack: SlowAttack, _ stage: PictureStage) throws -> SlowReport {
        site.tell("slow: hits before \(attack.title)")
        let quiet = try hits(stage)
        let pid = try stage.pid(of: Self.edge)
        let before = ProcessTable.residentBytes(of: pid)
        site.tell("slow: \(Format.count(plan.connections)) connections of \(attack.title)")
        let url = try stage.endpoint(of: Self.edge).url + target(of: attack, stage)
        let watch = ResidentWatch(pid)
        let attackers = SlowAttackers(attack, on: url, seconds: plan.seconds, site)
        let attacked = Result { try hits(stage) }
        // Whatever became of the hits, nobody attacks any more when this returns.
        let records = Result { try attackers.wait() }
        let most = watch.end()
        let after = try EdgeCounts.afterLoad(stage.cluster, of: Self.edge, stop: site.stop)
        let report = SlowReport(
            attack, plan, quiet: quiet.figures, attacked: try attacked.get().figures, waves: try records.get(),
            edgeBusy: .init(quiet: quiet.edgeBusy, attacked: try attacked.get().edgeBusy),
            memory: .init(before: before, most: most, after: ProcessTable.residentBytes(of: pid)), leftOver: after.leftOver)
        // The next one begins without them.
        _ = try EdgeCounts.whenQuiet(stage.cluster, of: Self.edge, stop: site.stop)
        return report
    }
}
