public import Foundation

/// What a run found out: the JSON that `--json` writes. Times are milliseconds unless the name says otherwise.
public struct LoadResult: ResultFile, Codable, Sendable {
    public struct Requests: Codable, Sendable, Equatable {
        public var sent: Int
        public var answered: Int
        /// Requests that had no usable answer; answers with a status of 400 or more are not among them.
        public var failed: Int
    }

    public struct Throughput: Codable, Sendable, Equatable {
        public var requestsPerSecond: Double
        public var bodyBytesPerSecond: Double
    }

    public struct Bytes: Codable, Sendable, Equatable {
        public var head: Int
        public var body: Int
    }

    public struct Connections: Codable, Sendable, Equatable {
        public var opened: Int
        /// Open loop: requests that had to wait for a free connection.
        public var waited: Int
        /// Of these, the ones that still waited when the run was stopped early: they are counted nowhere else.
        public var dropped: Int
    }

    public struct Generator: Codable, Sendable, Equatable {
        public var loops: Int
        /// CPU of the generator's process over the run, priming left out.
        public var cpuSeconds: Double
        /// The largest share of its time that a loop's thread was on a CPU; near 1 the generator is the bottleneck.
        public var busiestLoop: Double
    }

    public struct Priming: Codable, Sendable, Equatable {
        public var requests: Int
        public var seconds: Double
        public var status: [String: Int]
        public var errors: [String: Int]
    }

    /// The format of this file.
    public var version = 1
    public var date: Date
    public var machine: Machine
    /// As run: settings of the command line applied, files and folders read.
    public var scenario: Scenario
    public var endpoints: [String]
    public var account: String
    public var seed: UInt64
    public var urls: Int
    public var priming: Priming?
    /// From the end of the warm-up to the last answer, or to the end of sending if that was later.
    public var measuredSeconds: Double
    public var requests: Requests
    public var throughput: Throughput
    /// From the intended send time to the complete answer; requests given up are in it with the time they had waited.
    public var latency: LatencySummary?
    /// From the actual send time: what a load generator blind to coordinated omission would have shown.
    public var serviceTime: LatencySummary?
    public var latencyByCacheStatus: [String: LatencySummary]
    /// How late the generator was against its own schedule; nil in a closed loop.
    public var scheduleLag: LatencySummary?
    public var distribution: [DistributionPoint]
    public var status: [String: Int]
    public var cacheStatus: [String: Int]
    public var cacheDetails: [String: Int]
    public var collapsed: Int
    /// Answers with a Retry-After; nil in files of before they were counted.
    public var retryAfter: Int?
    public var errors: [String: Int]
    public var bytes: Bytes
    public var connections: Connections
    public var generator: Generator
    /// What a reader must know before believing the numbers.
    public var warnings: [String]

    /// Whether `--fail-on-error` fails: a request without a usable answer, or an answer with a status of 400 or more.
    public var hasErrors: Bool {
        !errors.isEmpty || status.keys.contains { (Int($0) ?? 0) >= 400 }
    }

    public init(json: Data) throws {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        self = try decoder.decode(LoadResult.self, from: json)
    }

    init(
        date: Date, machine: Machine, scenario: Scenario, endpoints: [Endpoint], account: String, plan: PhasePlan,
        priming: Priming?, statistics: LoopStatistics, cpuSeconds: Double
    ) {
        self.date = date
        self.machine = machine
        self.scenario = scenario
        self.endpoints = endpoints.map(\.url)
        self.account = account
        self.priming = priming
        seed = scenario.seed
        urls = plan.mix.urlCount
        let windowEnd = max(statistics.lastAnswer, statistics.sendingEnded)
        let seconds = windowEnd > plan.measureFrom ? Double(windowEnd - plan.measureFrom) / 1e9 : 0
        measuredSeconds = (seconds * 1e3).rounded() / 1e3
        errors = statistics.errorCounts
        requests = Requests(sent: statistics.sent, answered: statistics.answered, failed: errors.values.reduce(0, +))
        throughput = Throughput(
            requestsPerSecond: seconds > 0 ? (Double(statistics.answered) / seconds * 10).rounded() / 10 : 0,
            bodyBytesPerSecond: seconds > 0 ? (Double(statistics.bodyBytes) / seconds).rounded() : 0
        )
        latency = statistics.latency.summary
        serviceTime = statistics.serviceTime.summary
        scheduleLag = statistics.lag.summary
        distribution = statistics.latency.distribution
        latencyByCacheStatus = statistics.byOutcome { $0.summary }
        cacheStatus = statistics.byOutcome { $0.count }
        cacheDetails = statistics.details
        collapsed = statistics.collapsed
        retryAfter = statistics.retryAfter
        status = statistics.statusCounts
        bytes = Bytes(head: statistics.headBytes, body: statistics.bodyBytes)
        connections = Connections(opened: statistics.connectionsOpened, waited: statistics.waited, dropped: statistics.dropped)
        generator = Generator(
            loops: plan.loopCount, cpuSeconds: (cpuSeconds * 1e3).rounded() / 1e3,
            busiestLoop: (statistics.busyShare * 1e3).rounded() / 1e3
        )
        warnings = []
        warnings = Warnings.about(self, plan)
    }
}

extension LoopStatistics {
    var statusCounts: [String: Int] {
        let counted = statuses.enumerated().filter { $0.element > 0 }
        return Dictionary(uniqueKeysWithValues: counted.map { (String($0.offset), $0.element) })
    }

    var errorCounts: [String: Int] {
        let counted = RequestFault.allCases.filter { faults[$0.rawValue] > 0 }
        return Dictionary(uniqueKeysWithValues: counted.map { ($0.label, faults[$0.rawValue]) })
    }

    fileprivate func byOutcome<Value>(_ value: (LatencyHistogram) -> Value?) -> [String: Value] {
        var values: [String: Value] = [:]
        for outcome in CacheVerdict.Outcome.allCases {
            values[outcome.label] = latencyByOutcome[outcome.rawValue].flatMap(value)
        }
        return values
    }
}
