internal import Foundation

/// Drives a cache alone, in this process and in children of it: no network, no cluster.
public struct CacheRun: Sendable {
    private let plan: CachePlan
    private let folder: String
    private let tell: @Sendable (String) -> Void

    /// - Parameters:
    ///   - folder: where caches are made and removed; nil for a temporary one.
    ///   - tell: gets a line when something begins.
    /// - Throws: when the plan can't be run as it is.
    public init(_ plan: CachePlan, folder: String?, tell: @escaping @Sendable (String) -> Void) throws {
        try plan.check()
        self.plan = plan
        let parent = URL(fileURLWithPath: folder ?? NSTemporaryDirectory()).path
        self.folder = parent + "/vignette-cache-\(UInt32.random(in: 0 ... .max))"
        self.tell = tell
    }

    public func run() async throws -> CacheReport {
        var report = CacheReport(plan: plan)
        if report.machine.loadAverage > 0.5 {
            report.warnings.append(
                "the machine was at work before the run (load \(report.machine.loadAverage)): times are upper bounds")
        }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for part in plan.parts {
            switch part {
            case .ratio:
                let replay = RatioReplay(plan, folder: folder, tell: tell)
                report.sizes = replay.sizes
                report.ratio = try await replay.run()
            case .speed:
                report.speed = try await SpeedTrial(plan, folder: folder, tell: tell).run()
            case .scale:
                report.scale = try await ScaleTrial(plan, folder: folder, tell: tell).run()
            }
        }
        return report
    }
}
