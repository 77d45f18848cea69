internal import Foundation
internal import Glibc

/// Edges cut off, slowed, stopped and given wrong clocks, under load: the promise over partitions (docs/purge.md).
///
/// Every edge speaks to the origin through a relay of this process. Episode after episode one edge is struck, for longer
/// than its lease or shorter, while commanders go on and every command must become Completed at the latest when the edge's
/// lease has run out. Then the edge is healed and must answer again.
public struct PartitionRun: Sendable {
    public var seed: UInt64
    public var episodes: Int
    /// Ends before an episode that would begin later: seconds from the start of the first one.
    public var seconds: Double
    /// The folder with `up`, `down` and `node`.
    public var tools: String
    /// `libfaketime.so.1`; nil leaves the clocks alone.
    public var fakeTimeLibrary: String?
    /// The only fault to use; nil takes them all in turn.
    public var onlyFault: PartitionFault?
    /// Every edge in a network namespace of its own, whose cable to the origin is pulled, instead of behind a relay.
    public var namespaced: Bool

    private static let edges = 3
    private static let lease = 3

    public init(
        seed: UInt64, episodes: Int, seconds: Double, tools: String, fakeTimeLibrary: String?,
        onlyFault: PartitionFault?, namespaced: Bool
    ) {
        self.seed = seed
        self.episodes = episodes
        self.seconds = seconds
        self.tools = tools
        self.fakeTimeLibrary = fakeTimeLibrary
        self.onlyFault = onlyFault
        self.namespaced = namespaced
    }

    private var faults: [PartitionFault] {
        if let onlyFault { return [onlyFault] }
        // A clock outside of the margin is outside of the promise: it is there to see the checker fail.
        return PartitionFault.allCases.filter {
            $0 != .clockBeyondMargin && (fakeTimeLibrary != nil || !$0.needsFakeTime) && (!namespaced || $0.weather == .clear)
        }
    }

    /// Blocks until it is over; call it on a thread of its own.
    /// - Parameter tell: gets a line now and then.
    /// - Throws: when the cluster can't be run. What breaks the promise is in the report.
    public func run(tell: @escaping @Sendable (String) -> Void) throws -> ProofReport {
        guard fakeTimeLibrary != nil || onlyFault?.needsFakeTime != true else {
            throw LoadTestError(.cluster, "this fault needs libfaketime.so.1; install Debian's package faketime")
        }
        if namespaced, let obstacle = NetworkNamespace.obstacle { throw LoadTestError(.cluster, obstacle) }
        guard !namespaced || onlyFault?.weather ?? .clear == .clear else {
            throw LoadTestError(.cluster, "\(onlyFault?.rawValue ?? "") is a relay's fault; namespaces have their cables pulled")
        }
        var report = ProofReport(proof: namespaced ? "partition with namespaces" : "partition", seed: seed)
        if fakeTimeLibrary == nil { report.notes.append("clocks      left alone: libfaketime is not installed (Debian's package faketime)") }
        let stage = try ProofStage(ProofStage.Plan(
            seed: seed, edges: Self.edges, lease: Self.lease, changing: 18, untouched: 4, clientsPerEdge: 2, commanders: 3,
            clientPace: 2_000, commandPace: 20_000, allEvery: 300, diskBytes: 6 << 20, patience: 60, tools: tools,
            relayed: true, namespaced: namespaced))
        let began = monotonicNow()
        do {
            stage.startClientsAndCommanders()
            var episode = 0
            while episode < episodes, stage.record.violations == 0, Double(monotonicNow() - began) / 1e9 < seconds {
                let draws = SeededDraws(seed: seed &+ 6)
                // In turn, so that a short run has them all.
                let fault = faults[episode % faults.count]
                let edge = draws.index(below: Self.edges, at: episode, stream: 1)
                // From half a lease to two: grants that live through it, and grants that run out in it.
                let share = 0.5 + Double(draws.index(below: 1_500, at: episode, stream: 2)) / 1_000
                try strike(fault, edge, seconds: Double(Self.lease) * share, stage, backwards: episode.isMultiple(of: 2))
                report.moments[fault.rawValue, default: 0] += 1
                stage.record.judge()
                episode += 1
                tell("\(fault.rawValue), edge-\(edge + 1), \(Format.fixed(share, 1)) leases: \(stage.record.findings.line)")
            }
            report.cycles = episode
            stage.settle()
        } catch {
            for name in stage.nodeNames { stage.cluster.resume(name) }
            stage.record.end()
            _ = try? stage.down()
            throw error
        }
        try report.finish(stage, began: began)
        return report
    }

    private func strike(
        _ fault: PartitionFault, _ edge: Int, seconds: Double, _ stage: ProofStage, backwards: Bool
    ) throws {
        let name = "edge-\(edge + 1)"
        func hold() { usleep(UInt32(seconds * 1e6)) }
        switch fault {
        case .cut:
            try stage.cut(edge)
            hold()
            try stage.heal(edge)
        case .swallow, .swallowAnswers, .delay:
            stage.relays[edge].set(fault.weather)
            hold()
            try stage.heal(edge)
        case .pause:
            guard stage.cluster.pause(name) else { return }
            stage.record.paused(edge)
            hold()
            stage.record.resumed(edge)
            stage.cluster.resume(name)
        case .pauseAndCut:
            // It wakes into a world where it can't learn what it missed.
            guard stage.cluster.pause(name) else { return }
            stage.record.paused(edge)
            try stage.cut(edge)
            hold()
            stage.record.resumed(edge)
            stage.cluster.resume(name)
            hold()
            try stage.heal(edge)
        case .originPause:
            // Nobody renews a lease meanwhile; what it believed of the others when it stopped is old when it wakes.
            guard stage.cluster.pause("origin-1") else { return }
            hold()
            stage.cluster.resume("origin-1")
        case .originFastClock:
            // It waits for a lease by its own clock: one that runs fast would be done waiting too early.
            try restart("origin-1", stage, clock: fault.clock(backwards: backwards))
            waitUntilAnswering(edge, stage)
            try stage.cut(edge)
            hold()
            usleep(UInt32(Self.lease) * 500_000)
            try stage.heal(edge)
            try restart("origin-1", stage, clock: nil)
        case .wallClock, .slowClock, .fastClock, .clockBeyondMargin:
            try restart(name, stage, clock: fault.clock(backwards: backwards))
            // Long enough to fill its cache, and to get a grant that counts by the wrong clock.
            usleep(500_000)
            try stage.cut(edge)
            hold()
            // Beyond its lease in any case: while that lasts, a wrong clock changes nothing.
            usleep(UInt32(Self.lease) * 500_000)
            try stage.heal(edge)
            try restart(name, stage, clock: nil)
        }
        waitUntilAnswering(edge, stage)
    }

    private func restart(_ name: String, _ stage: ProofStage, clock: [String: String]?) throws {
        let pid = stage.cluster.node(name)?.pid ?? 0
        _ = stage.cluster.kill(name)
        // What libfaketime leaves behind when its process is killed; nothing, where it was not used.
        for file in ["faketime_shm_\(pid)", "sem.faketime_sem_\(pid)"] { unlink("/dev/shm/" + file) }
        var environment = clock ?? [:]
        if let fakeTimeLibrary, clock != nil { environment["LD_PRELOAD"] = fakeTimeLibrary }
        try stage.start(name, environment: environment)
    }

    /// A healed edge answers again.
    private func waitUntilAnswering(_ edge: Int, _ stage: ProofStage) {
        let deadline = monotonicNow() + nanoseconds(stage.plan.patience)
        let client = BlockingClient(stage.cluster.edges[edge])
        let target = "/\(stage.cluster.account)/\(ProofAPI.path(source: stage.plan.changing, variant: 0))"
        while monotonicNow() < deadline {
            if client.get(target)?.head.status == 200 { return }
            usleep(10_000)
        }
        stage.record.violate(Violation(
            kind: .unexplainedStatus, detail: "edge-\(edge + 1) does not answer \(Int(stage.plan.patience)) s after it was healed"))
    }
}

/// What is done to an edge, or to the origin.
public enum PartitionFault: String, CaseIterable, Sendable {
    /// Connections to the origin are reset, new ones refused; with namespaces: the cable is pulled.
    case cut
    /// Everything on the way is swallowed.
    case swallow
    /// What the origin answers is swallowed: grants are given and not received.
    case swallowAnswers = "swallow-answers"
    /// Everything on the way is 300 ms late.
    case delay
    /// SIGSTOP, then SIGCONT.
    case pause
    /// The same, and cut off from before it wakes until later.
    case pauseAndCut = "pause-and-cut"
    /// The wall clock is an hour off, backwards or forwards, while the edge is cut off.
    case wallClock = "wall-clock"
    /// Every clock runs 1 % slow, the whole margin of a lease, while the edge is cut off.
    case slowClock = "slow-clock"
    /// Every clock runs 1 % fast.
    case fastClock = "fast-clock"
    /// SIGSTOP of the origin, then SIGCONT.
    case originPause = "origin-pause"
    /// Every clock of the origin runs 1 % fast, while an edge is cut off.
    case originFastClock = "origin-fast-clock"
    /// Every clock of the edge runs at half speed: outside of what is promised, so the checker must find old bytes.
    case clockBeyondMargin = "clock-beyond-margin"

    var needsFakeTime: Bool {
        switch self {
        case .wallClock, .slowClock, .fastClock, .originFastClock, .clockBeyondMargin: true
        default: false
        }
    }

    /// What only a relay can do; the rest is clear weather.
    var weather: LinkRelay.Weather {
        switch self {
        case .swallow: .swallow
        case .swallowAnswers: .swallowAnswers
        case .delay: .delay(300)
        default: .clear
        }
    }

    /// Variables of libfaketime.
    func clock(backwards: Bool) -> [String: String] {
        switch self {
        case .wallClock: ["FAKETIME": backwards ? "-3600s" : "+3600s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"]
        case .slowClock: ["FAKETIME": "+0 x0.99"]
        case .fastClock, .originFastClock: ["FAKETIME": "+0 x1.01"]
        case .clockBeyondMargin: ["FAKETIME": "+0 x0.5"]
        default: [:]
        }
    }
}
