internal import Foundation
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// One load test from the first priming request to the result.
public final class LoadRun: Sendable {
    private let scenario: Scenario
    private let endpoints: [Endpoint]
    private let account: String
    private let checksImages: Bool
    private let usesAllConnections: Bool
    private let loopCount: Int
    private let mix: TrafficMix
    private let current = Mutex<PhaseRunner?>(nil)
    private let isStopped = Atomic<Bool>(false)

    /// How long before its first request an open loop is set up.
    private static let openLoopDelay: UInt64 = 50_000_000
    private static let primingConnections = 8

    /// - Parameters:
    ///   - scenario: resolved.
    ///   - usesAllConnections: an open loop opens all of its connections at once, and uses them in turn, instead of
    ///     carrying its rate on as few as will do.
    /// - Throws: when it can't be run as it is.
    public init(
        scenario: Scenario, endpoints: [Endpoint], account: String, checksImages: Bool = false,
        usesAllConnections: Bool = false
    ) throws {
        guard !endpoints.isEmpty else {
            throw LoadTestError(.target, "no target: name one (--target http://127.0.0.1:8001) or a cluster (--cluster FILE)")
        }
        try Self.check(scenario, endpoints)
        self.scenario = scenario
        self.endpoints = endpoints
        self.account = account
        self.checksImages = checksImages
        self.usesAllConnections = usesAllConnections
        let wanted = scenario.loops ?? max(1, ProcessInfo.processInfo.activeProcessorCount / 2)
        loopCount = min(wanted, scenario.load.connectionLimit)
        mix = try TrafficMix(scenario.traffic, account: account, seed: scenario.seed)
    }

    /// It should have ended by then, whatever its endpoints do.
    var longestSeconds: Double { scenario.warmupSeconds + scenario.durationSeconds + scenario.timeoutSeconds + 30 }

    /// Ends the run early; `run` then returns what was measured so far.
    public func stop() {
        isStopped.store(true, ordering: .relaxed)
        current.withLock { $0?.stop() }
    }

    /// `onProgress` is called once a second, from no particular thread.
    public func run(onProgress: @escaping @Sendable (LoadProgress) -> Void) async throws -> LoadResult {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: loopCount)
        do {
            let result = try await run(group, onProgress)
            try await group.shutdownGracefully()
            return result
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private func run(
        _ group: MultiThreadedEventLoopGroup, _ onProgress: @escaping @Sendable (LoadProgress) -> Void
    ) async throws -> LoadResult {
        let date = Date()
        let machine = Machine.current()
        let priming = try await prime(group, onProgress)
        let isOpen = if case .open = scenario.load { true } else { false }
        let plan = try PhasePlan(
            scenario: scenario, mix: mix, endpoints: endpoints, load: scenario.load, loopCount: loopCount,
            requestLimit: scenario.requests, warmupSeconds: scenario.warmupSeconds, durationSeconds: scenario.durationSeconds,
            checksImages: checksImages, givesUpWhenRefused: false, usesAllConnections: usesAllConnections,
            delay: isOpen ? Self.openLoopDelay : 0
        )
        let cpuBefore = processCPUTime()
        let statistics = try await runPhase(plan, group, isPriming: false, onProgress)
        return LoadResult(
            date: date, machine: machine, scenario: scenario, endpoints: endpoints, account: account, plan: plan,
            priming: priming, statistics: statistics, cpuSeconds: Double(processCPUTime() - cpuBefore) / 1e9
        )
    }

    /// Asks every URL that wants it once of every endpoint, one endpoint after the other: the first fills the origin's
    /// caches, and the others find them full.
    private func prime(
        _ group: MultiThreadedEventLoopGroup, _ onProgress: @escaping @Sendable (LoadProgress) -> Void
    ) async throws -> LoadResult.Priming? {
        let began = monotonicNow()
        var total = LoopStatistics()
        var hasPrimed = false
        for kind in scenario.traffic where kind.prime {
            for endpoint in endpoints where !isStopped.load(ordering: .relaxed) {
                var listed = kind
                listed.order = .listed
                let urls = try TrafficMix([listed], account: account, seed: scenario.seed)
                let plan = try PhasePlan(
                    scenario: scenario, mix: urls, endpoints: [endpoint],
                    load: .closed(connections: min(Self.primingConnections, urls.urlCount)), loopCount: 1,
                    requestLimit: urls.urlCount, warmupSeconds: 0, durationSeconds: 86_400, checksImages: false,
                    givesUpWhenRefused: true, delay: 0
                )
                let statistics = try await runPhase(plan, group, isPriming: true, onProgress)
                guard statistics.answered > 0 || isStopped.load(ordering: .relaxed) else {
                    throw LoadTestError(.noAnswer, """
                        \(endpoint.url) gave no answer while its cache was being primed (\
                        \(Format.counts(statistics.errorCounts))). Does the cluster run?
                        """)
                }
                total.add(statistics)
                hasPrimed = true
            }
        }
        guard hasPrimed else { return nil }
        return LoadResult.Priming(
            requests: total.answered, seconds: (Double(monotonicNow() - began) / 1e6).rounded() / 1e3,
            status: total.statusCounts, errors: total.errorCounts
        )
    }

    private func runPhase(
        _ plan: PhasePlan, _ group: MultiThreadedEventLoopGroup, isPriming: Bool,
        _ onProgress: @escaping @Sendable (LoadProgress) -> Void
    ) async throws -> LoopStatistics {
        let runner = PhaseRunner(plan: plan, group: group, isPriming: isPriming)
        current.withLock { $0 = runner }
        defer { current.withLock { $0 = nil } }
        // A stop that came between two phases found no runner to tell.
        if isStopped.load(ordering: .relaxed) { runner.stop() }
        return try await runner.run(onProgress)
    }

    private static func check(_ scenario: Scenario, _ endpoints: [Endpoint]) throws {
        switch scenario.load {
        case .open(let rate, let maxConnections):
            guard rate > 0, rate <= 10_000_000 else {
                throw LoadTestError(.scenario, "an open loop's rate is a positive number of requests per second, not \(rate)")
            }
            guard (1...60_000).contains(maxConnections) else {
                throw LoadTestError(.scenario, "maxConnections lies between 1 and 60000, not \(maxConnections)")
            }
        case .closed(let connections):
            guard (endpoints.count...60_000).contains(connections) else {
                throw LoadTestError(.scenario, "\(connections) connections can't be spread over \(endpoints.count) endpoints; use between \(endpoints.count) and 60000")
            }
        }
        guard scenario.durationSeconds > 0, scenario.durationSeconds <= 86_400 else {
            throw LoadTestError(.scenario, "durationSeconds lies above 0 and within a day, not \(scenario.durationSeconds)")
        }
        guard (0...3_600).contains(scenario.warmupSeconds) else {
            throw LoadTestError(.scenario, "warmupSeconds lies between 0 and 3600, not \(scenario.warmupSeconds)")
        }
        guard (0.01...3_600).contains(scenario.timeoutSeconds) else {
            throw LoadTestError(.scenario, "timeoutSeconds lies between 0.01 and 3600, not \(scenario.timeoutSeconds)")
        }
        if let requests = scenario.requests, requests < 1 {
            throw LoadTestError(.scenario, "requests, where given, is at least 1, not \(requests)")
        }
        if let loops = scenario.loops, !(1...256).contains(loops) {
            throw LoadTestError(.scenario, "loops lies between 1 and 256, not \(loops)")
        }
    }
}

extension Load {
    fileprivate var connectionLimit: Int {
        switch self {
        case .open(_, let maxConnections): maxConnections
        case .closed(let connections): connections
        }
    }
}
