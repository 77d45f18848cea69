/// What `--part overload` measures: whether hits keep their latency while more variants are asked for than can be made.
public struct OverloadPlan: Codable, Sendable, Equatable {
    /// Of the misses that the cluster can answer, offered beside the hits.
    public var shares = [0, 0.1, 0.5, 1, 1.5]
    public var hits = SteadyHits(rate: 2_000, connections: 32)
    /// Of `/health` and `/ready`, in turn, per second.
    public var healthRate = 50.0
    /// Under each load: first until its queues have filled, then measured.
    public var warmUp = 8.0
    public var seconds = 20.0
    /// How long the miss capacity is measured.
    public var capacitySeconds = 10.0
    /// Each asks for one variant after the other, to find the capacity.
    public var capacityClients = 8

    public init() {}

    static var quick: OverloadPlan {
        var plan = OverloadPlan()
        plan.shares = [0, 1.5]
        plan.hits = SteadyHits(rate: 500, connections: 8)
        plan.warmUp = 2
        plan.seconds = 3
        plan.capacitySeconds = 2
        return plan
    }

    func check() throws {
        func require(_ holds: Bool, _ message: String) throws {
            if !holds { throw LoadTestError(.scenario, message) }
        }
        try hits.check("overload")
        try require(
            shares.first == 0 && (2...8).contains(shares.count) && shares == shares.sorted() && shares.allSatisfy { $0 <= 10 },
            "overload: two to eight shares of the capacity, from 0 up to 10, each larger than the one before")
        try require(Set(shares).count == shares.count, "overload: every share is named once")
        try require((1...1_000).contains(healthRate), "overload: health checks lie between 1 and 1,000 a second")
        try require(
            warmUp > 0 && seconds > 0 && capacitySeconds > 0 && (warmUp + seconds) <= 600,
            "overload: the seconds lie above 0, and within ten minutes for a load")
        try require((1...128).contains(capacityClients), "overload: 1 to 128 clients find the capacity")
    }
}
