/// What `vignette-loadtest hits` measures, and how much of it.
public struct HitsPlan: Codable, Sendable, Equatable {
    public enum Part: String, Codable, Sendable, CaseIterable {
        /// CPU of a hit beside nginx's.
        case cpu
        /// System calls of a hit.
        case syscalls
        /// Memory of a keep-alive connection that waits.
        case idle
        /// A hit with more loops, connections and objects.
        case scale
        /// Latency of hits while more variants are asked for than can be made.
        case overload
        /// Latency of hits while other clients are slow on purpose.
        case slow
    }

    public var parts = Part.allCases
    public var protocols = HitProtocol.allCases
    /// Bytes of a body.
    public var sizes = [2 << 10, 16 << 10, 128 << 10, 1 << 20]
    /// Of each size, each with both servers.
    public var rounds = 5
    /// One server under load in one round.
    public var seconds = 4
    public var warmUpSeconds = 2
    public var connections = 64
    /// URLs of each size.
    public var objects = 64
    public var idleConnections = 10_000
    public var idleSeconds = 5
    public var scale = ScalePlan()
    public var overload = OverloadPlan()
    public var slow = SlowPlan()
    /// The folder with `up`, `down` and `node`. Of this machine, so it stays out of results.
    public var tools = "cluster"

    private enum CodingKeys: String, CodingKey {
        case parts, protocols, sizes, rounds, seconds, warmUpSeconds, connections, objects, idleConnections, idleSeconds
        case scale
        case overload
        case slow
    }

    public init() {}

    /// Small enough for a test: shows that everything works, and nothing about speed.
    public static var quick: HitsPlan {
        var plan = HitsPlan()
        plan.rounds = 2
        plan.seconds = 1
        plan.warmUpSeconds = 1
        plan.objects = 8
        plan.idleConnections = 200
        plan.idleSeconds = 1
        plan.scale = .quick
        plan.overload = .quick
        plan.slow = .quick
        return plan
    }

    /// As the edge is configured by default: long bodies are never kept in memory, but sent from the cache's files.
    static func tier(ofBody size: Int) -> EdgeTier { size < 64 << 10 ? .memory : .disk }

    func check() throws {
        func require(_ holds: Bool, _ message: String) throws {
            if !holds { throw LoadTestError(.scenario, message) }
        }
        try require(
            !sizes.isEmpty && sizes.allSatisfy { (1 << 10...8 << 20).contains($0) },
            "the sizes of bodies lie between 1,024 and 8,388,608 bytes")
        try require(Set(sizes).count == sizes.count, "every size is named once")
        try require((1...1_000).contains(rounds), "the rounds lie between 1 and 1,000, not \(rounds)")
        try require((1...3_600).contains(seconds), "the seconds of a round lie between 1 and 3,600, not \(seconds)")
        try require((1...1_000).contains(connections), "the connections lie between 1 and 1,000, not \(connections)")
        try require((1...1_000).contains(objects), "the URLs of a size lie between 1 and 1,000, not \(objects)")
        // An edge takes no more than 10,000 in all.
        try require(
            (1...10_000).contains(idleConnections),
            "the idle connections lie between 1 and 10,000, not \(idleConnections)")
        try require(
            !protocols.isEmpty && Set(protocols).count == protocols.count, "every protocol is named once, and one at least")
        try scale.check()
        try overload.check()
        try slow.check()
    }
}

/// Where the edge under measurement has its objects.
public enum EdgeTier: String, Codable, Sendable, CaseIterable {
    case memory, disk
}

/// How the clients speak to both servers.
public enum HitProtocol: String, Codable, Sendable, CaseIterable {
    case http1
    /// HTTP/1.1 over TLS 1.3.
    case tls
    /// Over TLS 1.3.
    case http2

    var title: String {
        switch self {
        case .http1: "HTTP/1.1"
        case .tls: "TLS, HTTP/1.1"
        case .http2: "TLS, HTTP/2"
        }
    }

    /// What the edge's CPU per hit may be at the most, in nginx's; nil where nothing is promised.
    func goal(ofBody size: Int) -> Double? {
        switch (self, size) {
        case (.http1, 2 << 10): 0.70
        case (.http1, 16 << 10): 0.80
        case (.http1, 128 << 10), (.http1, 1 << 20): 1.0
        case (.tls, _): 0.9
        case (.http2, 2 << 10): 1.5
        case (.http2, 128 << 10): 1.0
        default: nil
        }
    }
}
