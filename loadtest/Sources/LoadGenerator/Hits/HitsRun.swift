internal import Foundation
internal import Glibc

/// Measures what a hit costs the edge beside nginx: same machine, same run, same objects, same heads.
///
/// To be run in a network namespace of its own, see `OwnNetwork`.
public struct HitsRun: Sendable {
    let plan: HitsPlan
    let stop: RunStop
    let folder: String
    let tell: @Sendable (String) -> Void
    private let outside: String

    /// - Parameters:
    ///   - outside: the network namespace that the run was started in.
    ///   - tell: gets a line when something begins.
    /// - Throws: when the plan can't be run as it is.
    public init(
        _ plan: HitsPlan, outside: String, stop: RunStop, tell: @escaping @Sendable (String) -> Void
    ) throws {
        try plan.check()
        (self.plan, self.outside, self.stop, self.tell) = (plan, outside, stop, tell)
        folder = NSTemporaryDirectory() + "/vignette-hits-\(UInt32.random(in: 0 ... .max))"
    }

    /// Blocks. Nothing that it has started is left when it returns, or throws.
    /// - Returns: whatever was measured: a part that broke off, or was stopped, is among the failures.
    /// - Throws: when nothing could be begun.
    public func run() throws -> HitsReport {
        try OwnNetwork.prepare(outside: outside)
        let cores = try Cores()
        let machine = Machine.current()
        // Everything that is started inherits it; servers are moved to theirs.
        try Cores.pin(getpid(), to: cores.generator)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let programs = HitsReport.Programs(
            nginx: try TunedNginx.version(folder: folder, stop: stop),
            wrk: try WrkLoad.version(folder: folder, stop: stop),
            h2load: try H2Load.version(folder: folder, stop: stop))
        var report = HitsReport(machine: machine, plan: plan, programs: programs)
        if machine.loadAverage > 0.5 {
            report.warnings.append(
                "the machine was at work before the run (load \(machine.loadAverage)): that weighs on both servers")
        }
        if cores.areSiblings {
            report.warnings.append(
                "cores \(cores.server) and \(cores.generator) are threads of one physical core, which they share")
        }
        measureBesideNginx(cores, &report)
        let site = RunSite(plan: plan, cores: cores, folder: folder, stop: stop, tell: tell)
        if plan.parts.contains(.scale) { report.attempt("scale", stop) { try ScaleRun(site).run(&$0) } }
        if plan.parts.contains(.overload) { report.attempt("overload", stop) { try OverloadRun(site).run(&$0) } }
        if plan.parts.contains(.slow) { report.attempt("slow", stop) { try SlowRun(site).run(&$0) } }
        report.failures += report.scale?.failures ?? []
        report.failures += report.overload?.failures ?? []
        report.failures += (report.slow ?? []).flatMap(\.failures)
        if stop.isStopped { report.warnings.append("the run was interrupted: what is not here was not measured") }
        return report
    }
}
