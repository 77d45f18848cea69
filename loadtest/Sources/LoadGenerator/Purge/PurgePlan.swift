/// What `vignette-loadtest purge` measures, and how much of it.
public struct PurgePlan: Codable, Sendable, Equatable {
    public enum Part: String, Codable, Sendable, CaseIterable {
        /// From issue to Completed, at a rate, under hits.
        case latency
        /// A tag with many objects beside one URL.
        case tag
        /// With one edge stopped.
        case cutOff = "cut-off"
        /// CPU of a hit with many live rules beside none.
        case rules
    }

    public var parts = Part.allCases
    public var edges = 8
    /// Seconds.
    public var lease = 10
    /// Of the parts that run for a time: seconds.
    public var seconds = 20.0
    public var purgesPerSecond = 100.0
    public var hitsPerSecond = 2_000.0
    public var tagObjects = 100_000
    /// Each fills the caches anew and purges the tag once.
    public var tagRounds = 3
    /// One URL purged by itself, around each purge of the tag.
    public var urlPurges = 100
    public var cutOffRounds = 3
    public var rules = 100_000
    /// With and without rules, in turn.
    public var ruleRounds = 5
    public var seed: UInt64 = 1
    /// The folder with `up`, `down` and `node`. Of this machine, so it stays out of results.
    public var tools = "cluster"

    private enum CodingKeys: String, CodingKey {
        case parts, edges, lease, seconds, purgesPerSecond, hitsPerSecond, tagObjects, tagRounds, urlPurges, cutOffRounds, rules
        case ruleRounds, seed
    }

    public init() {}

    /// Small enough for a test: shows that everything works, and nothing about speed.
    public static var quick: PurgePlan {
        var plan = PurgePlan()
        plan.edges = 2
        plan.lease = 2
        plan.seconds = 2
        plan.purgesPerSecond = 20
        plan.hitsPerSecond = 200
        plan.tagObjects = 200
        plan.tagRounds = 1
        plan.urlPurges = 10
        plan.cutOffRounds = 1
        plan.rules = 300
        plan.ruleRounds = 2
        return plan
    }

    func check() throws {
        func require(_ holds: Bool, _ message: String) throws {
            if !holds { throw LoadTestError(.scenario, message) }
        }
        try require((1...98).contains(edges), "edges lie between 1 and 98, not \(edges)")
        try require((2...86_400).contains(lease), "a lease lies between 2 and 86400 s, not \(lease)")
        try require(seconds > 0 && seconds <= 3_600, "seconds lie above 0 and within an hour, not \(seconds)")
        try require(
            purgesPerSecond > 0 && purgesPerSecond <= 10_000,
            "purges per second lie above 0 and up to 10,000, not \(purgesPerSecond)")
        try require(hitsPerSecond > 0, "hits per second lie above 0, not \(hitsPerSecond)")
        try require(tagObjects > 0 && rules > 0, "the counts of objects and rules are positive")
        try require(tagRounds > 0 && urlPurges > 0 && cutOffRounds > 0 && ruleRounds > 0, "every count of rounds is positive")
    }
}
