/// What `--part slow` measures: whether well-behaved clients notice that others are slow on purpose.
public struct SlowPlan: Codable, Sendable, Equatable {
    public var hits = SteadyHits(rate: 2_000, connections: 32)
    /// Of the attackers.
    public var connections = 2_000
    /// That they open per second.
    public var connectionsPerSecond = 500
    /// The hits, before each attack and during it.
    public var seconds = 20.0

    public init() {}

    static var quick: SlowPlan {
        var plan = SlowPlan()
        plan.hits = SteadyHits(rate: 500, connections: 8)
        plan.connections = 100
        plan.connectionsPerSecond = 100
        plan.seconds = 4
        return plan
    }

    func check() throws {
        func require(_ holds: Bool, _ message: String) throws {
            if !holds { throw LoadTestError(.scenario, message) }
        }
        try hits.check("slow")
        try require((1...9_000).contains(connections), "slow: 1 to 9,000 slow connections, not \(connections)")
        try require(
            (1...10_000).contains(connectionsPerSecond), "slow: 1 to 10,000 new connections a second, not \(connectionsPerSecond)")
        try require((2...600).contains(seconds), "slow: the seconds lie between 2 and 600, not \(seconds)")
    }
}
