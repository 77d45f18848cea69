/// What hits, health checks and misses went through at each share of the miss capacity.
public struct OverloadReport: Codable, Sendable {
    public struct Misses: Codable, Sendable {
        public var offeredPerSecond: Double
        public var asked: Int
        public var answered: Int
        /// 503 with a Retry-After.
        public var refused: Int
        /// Milliseconds, of answers and refusals.
        public var p50: Double
        public var p99: Double
    }

    public struct Health: Codable, Sendable {
        public var answers: Int
        public var p50: Double
        public var p99: Double
        public var max: Double
    }

    public struct Level: Codable, Sendable {
        /// Of the capacity.
        public var share: Double
        public var hits: SteadyFigures
        /// Of the hits: enough of the cumulative distribution to draw it.
        public var distribution: [DistributionPoint]
        /// Nil at 0.
        public var misses: Misses?
        public var health: Health
        /// In those without misses, of the 99th percentile.
        public var hitsRatio: HitComparison.Ratio
        public var failures: [String]
    }

    /// Variants that the cluster makes per second, asked for one after the other by a few clients.
    public var missesPerSecond: Double
    public var levels: [Level] = []

    /// Hits keep their latency: a promise of DESIGN §7, made measurable.
    static let goal = 2.0

    init(missesPerSecond: Double) {
        self.missesPerSecond = missesPerSecond
    }

    /// - Parameters:
    ///   - misses: nil where none were offered.
    mutating func add(share: Double, hits: LoadResult, misses: LoadResult?, health: LoadResult) {
        let figures = SteadyFigures(hits)
        let quiet = levels.first?.hits ?? figures
        levels.append(
            Level(
                share: share, hits: figures, distribution: hits.distribution,
                misses: misses.map { Self.misses($0, offered: share * missesPerSecond) },
                health: Health(
                    answers: health.requests.answered, p50: health.latency?.p50 ?? 0, p99: health.latency?.p99 ?? 0,
                    max: health.latency?.max ?? 0),
                hitsRatio: SteadyFigures.ratio(\.p99, figures, toQuiet: quiet, goal: Self.goal),
                failures: figures.failures.map { "hits: \($0)" } + (misses.map(Self.failures(ofMisses:)) ?? [])
                    + Self.failures(ofHealth: health)))
    }

    private static func misses(_ result: LoadResult, offered: Double) -> Misses {
        Misses(
            offeredPerSecond: (offered * 10).rounded() / 10, asked: result.requests.sent,
            answered: result.status["200"] ?? 0, refused: result.status["503"] ?? 0, p50: result.latency?.p50 ?? 0,
            p99: result.latency?.p99 ?? 0)
    }

    /// A miss is answered, or refused in the way that a client can go by.
    private static func failures(ofMisses result: LoadResult) -> [String] {
        var failures: [String] = []
        if !result.errors.isEmpty { failures.append("misses without an answer: \(Format.counts(result.errors))") }
        let others = result.status.filter { !["200", "503"].contains($0.key) }
        if !others.isEmpty { failures.append("misses were answered by \(Format.counts(others))") }
        let (refused, asked) = (result.status["503"] ?? 0, result.retryAfter ?? 0)
        if refused != asked {
            failures.append("\(Format.count(refused)) misses were refused, and \(Format.count(asked)) told when to come back")
        }
        let hits = result.cacheStatus["hit"] ?? 0
        if hits > 0 { failures.append("\(Format.count(hits)) of the misses were hits") }
        return failures
    }

    private static func failures(ofHealth result: LoadResult) -> [String] {
        var failures: [String] = []
        if !result.errors.isEmpty { failures.append("health checks failed: \(Format.counts(result.errors))") }
        let others = result.status.filter { $0.key != "200" }
        if !others.isEmpty { failures.append("health checks were answered by \(Format.counts(others))") }
        return failures
    }

    var failures: [String] {
        levels.flatMap { level in level.failures.map { "overload at \(Format.percent(level.share)), \($0)" } }
    }
}
