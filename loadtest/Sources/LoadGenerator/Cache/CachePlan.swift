internal import Foundation

/// What `vignette-loadtest cache` measures, and how much of it.
public struct CachePlan: Codable, Sendable, Equatable {
    public enum Part: String, Codable, Sendable, CaseIterable {
        /// Hit ratios beside references, and what is written for them.
        case ratio
        /// The cost of a look-up, and what threads reach together.
        case speed
        /// Memory, fills, checkpoints and restarts by the number of objects.
        case scale
    }

    public var parts = Part.allCases
    public var seed: UInt64 = 1
    /// Of the popularity of objects, in `ratio` and `speed`.
    public var zipfExponent = 0.9
    /// Objects that are asked for in `ratio`, and how often.
    public var catalogue = 100_000
    public var accesses = 500_000
    /// The disk's limit as a share of the bytes of all objects.
    public var cacheShares = [0.01, 0.04, 0.16]
    public var speedObjects = 100_000
    /// Of each figure of `speed`.
    public var seconds = 1.0
    /// Up to so many look up at once.
    public var threads = 2 * ProcessInfo.processInfo.activeProcessorCount
    /// What `scale` goes through.
    public var objects = [10_000, 100_000, 1_000_000]

    public init() {}

    /// Small enough for a test: shows that everything works, and nothing about speed.
    public static var quick: CachePlan {
        var plan = CachePlan()
        plan.catalogue = 2_000
        plan.accesses = 5_000
        plan.cacheShares = [0.1]
        plan.speedObjects = 2_000
        plan.seconds = 0.05
        plan.objects = [1_000, 10_000]
        return plan
    }

    func check() throws {
        func require(_ holds: Bool, _ message: String) throws {
            if !holds { throw LoadTestError(.scenario, message) }
        }
        try require(zipfExponent >= 0 && zipfExponent <= 10, "Zipf's exponent lies between 0 and 10, not \(zipfExponent)")
        try require(catalogue > 0 && accesses > 0 && speedObjects > 0, "every count of objects and accesses is positive")
        try require(
            !cacheShares.isEmpty && cacheShares.allSatisfy { $0 > 0 && $0 <= 2 }, "a cache's share lies above 0 and up to 2")
        try require(seconds > 0 && seconds <= 3_600, "seconds lie above 0 and within an hour, not \(seconds)")
        try require((1...256).contains(threads), "threads lie between 1 and 256, not \(threads)")
        try require(
            !objects.isEmpty && objects.allSatisfy { (100...100_000_000).contains($0) },
            "the numbers of objects lie between 100 and 100,000,000")
    }
}
