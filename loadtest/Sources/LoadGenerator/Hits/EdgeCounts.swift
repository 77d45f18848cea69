/// What an edge has answered so far, all read at one moment.
struct EdgeCounts {
    /// By how the cache took part.
    private(set) var answers: [String: Int] = [:]
    /// Of those that were no plain hits: why.
    private(set) var reasons: [String: Int] = [:]
    let connections: Int

    init(_ cluster: ProofCluster, of edge: String = "edge-1") throws {
        guard let samples = cluster.samples(of: edge), let open = samples["vignette_http_connections"] else {
            throw LoadTestError(.cluster, "the edge does not tell what it has answered")
        }
        connections = Int(open)
        for (name, value) in samples {
            guard let label = name.split(separator: "\"").dropFirst().first.map(String.init) else { continue }
            if name.hasPrefix("vignette_http_requests_total{") { answers[label] = Int(value) }
            if name.hasPrefix("vignette_http_not_hit_total{") { reasons[label] = Int(value) }
        }
    }

    /// Those of an edge when no client is connected to it any more.
    /// - Throws: when that takes longer than an edge lets any client be idle or slow.
    static func whenQuiet(_ cluster: ProofCluster, of edge: String = "edge-1", stop: RunStop) throws -> EdgeCounts {
        let counts = try afterLoad(cluster, of: edge, seconds: 90, stop: stop)
        if let failure = counts.leftOver { throw LoadTestError(.cluster, failure) }
        return counts
    }

    /// The same, or those of when `seconds` have passed.
    static func afterLoad(
        _ cluster: ProofCluster, of edge: String = "edge-1", seconds: Double = 5, stop: RunStop
    ) throws -> EdgeCounts {
        let deadline = monotonicNow() + nanoseconds(seconds)
        while true {
            let counts = try EdgeCounts(cluster, of: edge)
            if counts.connections == 0 || monotonicNow() >= deadline { return counts }
            try stop.pause(seconds: 0.02)
        }
    }

    /// Clients that the edge has not noticed to be gone; nil for none.
    var leftOver: String? {
        connections == 0 ? nil : "the edge still has \(Format.count(connections)) connections, and nobody is connected"
    }

    /// Only what has grown.
    func since(_ before: EdgeCounts) -> EdgeCounts {
        var counts = self
        counts.answers = answers.merging(before.answers) { $0 - $1 }.filter { $0.value > 0 }
        counts.reasons = reasons.merging(before.reasons) { $0 - $1 }.filter { $0.value > 0 }
        return counts
    }
}
