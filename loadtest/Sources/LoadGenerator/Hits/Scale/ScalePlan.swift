/// What `--part scale` measures: a hit with more loops, more connections and more objects.
public struct ScalePlan: Codable, Sendable, Equatable {
    /// Of every figure of CPU, in turn with what it is compared with.
    public var rounds = 5
    public var seconds = 4.0
    /// Far below what an edge can do: it does not matter then how fast the generator is.
    public var hits = SteadyHits(rate: 10_000, connections: 64)
    /// Of the figure of loops, which all ask for these.
    public var hotObjects = 64
    /// Cached objects, each number on an edge of its own.
    public var objects = [1_000, 10_000, 100_000]
    public var idleConnections = 10_000
    /// Beside the idle ones, and before them.
    public var busy = SteadyHits(rate: 5_000, connections: 1_000)
    public var busySeconds = 10.0

    public init() {}

    static var quick: ScalePlan {
        var plan = ScalePlan()
        plan.rounds = 2
        plan.seconds = 1
        plan.hits = SteadyHits(rate: 2_000, connections: 16)
        plan.objects = [100, 1_000]
        plan.idleConnections = 200
        plan.busy = SteadyHits(rate: 1_000, connections: 50)
        plan.busySeconds = 2
        return plan
    }

    func check() throws {
        func require(_ holds: Bool, _ message: String) throws {
            if !holds { throw LoadTestError(.scenario, message) }
        }
        try require((1...1_000).contains(rounds), "scale: the rounds lie between 1 and 1,000, not \(rounds)")
        try require(seconds > 0 && busySeconds > 0, "scale: the seconds lie above 0")
        try hits.check("scale")
        try busy.check("scale")
        try require(
            (1...8).contains(objects.count) && objects == objects.sorted() && Set(objects).count == objects.count,
            "scale: one to eight numbers of objects, each larger than the one before")
        try require(
            objects.allSatisfy { (1...2_000_000).contains($0) },
            "scale: the numbers of objects lie between 1 and 2,000,000")
        try require((1...1_000).contains(hotObjects), "scale: the hot objects lie between 1 and 1,000")
        try require(
            (1...15_000).contains(idleConnections) && idleConnections + busy.connections <= 18_000,
            "scale: 1 to 15,000 idle connections, and 18,000 in all")
    }
}
