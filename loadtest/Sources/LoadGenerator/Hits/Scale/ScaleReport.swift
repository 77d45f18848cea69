/// How a hit's cost and latency grow.
public struct ScaleReport: Codable, Sendable {
    /// CPU of a hit with one event loop and with two.
    public struct Loops: Codable, Sendable {
        public var one: [CostRound]
        public var two: [CostRound]
        public var ratio: HitComparison.Ratio

        /// Within 5 %.
        static let goal = 1.05

        init(one: [CostRound], two: [CostRound]) {
            (self.one, self.two) = (one, two)
            ratio = CostRound.ratio(two, to: one, goal: Self.goal)
        }
    }

    /// Busy connections by themselves, and beside many that wait.
    public struct Crowd: Codable, Sendable {
        public struct Memory: Codable, Sendable {
            /// Of the process: before any connection, the most with the busy ones, and the most with all.
            public var before: Int
            public var busy: Int
            public var all: Int
        }

        public var alone: SteadyFigures
        public var crowded: SteadyFigures
        public var residentBytes: Memory
        /// Of the 50th and 99th percentiles, beside the waiting ones in those without.
        public var p50: HitComparison.Ratio
        public var p99: HitComparison.Ratio

        init(alone: SteadyFigures, crowded: SteadyFigures, residentBytes: Memory) {
            (self.alone, self.crowded, self.residentBytes) = (alone, crowded, residentBytes)
            p50 = SteadyFigures.ratio(\.p50, crowded, toQuiet: alone, goal: nil)
            p99 = SteadyFigures.ratio(\.p99, crowded, toQuiet: alone, goal: nil)
        }
    }

    /// CPU of a hit on an edge that holds so many objects, all of them asked for alike.
    public struct Objects: Codable, Sendable {
        public var count: Int
        public var rounds: [CostRound]
        /// Of its memory tier when it was filled.
        public var memoryTierBytes: Int
        public var residentBytes: Int
        public var filledPerSecond: Double
        /// In the cost with the fewest objects; 1 for these.
        public var ratio: HitComparison.Ratio
    }

    public var loops: Loops?
    public var crowd: Crowd?
    public var objects: [Objects]?

    var failures: [String] {
        var failures: [String] = []
        if let loops {
            failures += loops.one.flatMap(\.failures).map { "one loop: \($0)" }
            failures += loops.two.flatMap(\.failures).map { "two loops: \($0)" }
        }
        if let crowd {
            failures += crowd.alone.failures.map { "busy connections: \($0)" }
            failures += crowd.crowded.failures.map { "busy connections beside idle ones: \($0)" }
        }
        for objects in objects ?? [] {
            failures += objects.rounds.flatMap(\.failures).map { "\(Format.count(objects.count)) objects: \($0)" }
        }
        return failures.map { "scale, \($0)" }
    }
}
