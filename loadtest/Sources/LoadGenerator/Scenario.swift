/// A load test as written in its JSON file; `loadtest/README.md` tells every key.
public struct Scenario: Codable, Sendable, Equatable {
    public var name: String
    /// For the reader of the file and of the result.
    public var description: String?
    public var load: Load
    /// Measured time; the warm-up comes before it. Default 20.
    public var durationSeconds: Double
    /// Requests of this first stretch are sent but not counted. Default 0.
    public var warmupSeconds: Double
    /// Ends the run earlier, after so many requests (warm-up included).
    public var requests: Int?
    /// A request that has no complete answer so long after its intended send time is given up. Default 30.
    public var timeoutSeconds: Double
    /// Decides popularity, order and mix. Default 1.
    public var seed: UInt64
    /// Event loops (threads) of the generator; nil is half of the cores, at least one.
    public var loops: Int?
    /// Sent with every request.
    public var headers: [String: String]
    public var traffic: [Traffic]

    public init(name: String, load: Load, traffic: [Traffic]) {
        self.name = name
        self.load = load
        durationSeconds = 20
        warmupSeconds = 0
        timeoutSeconds = 30
        seed = 1
        headers = [:]
        self.traffic = traffic
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, description, load, durationSeconds, warmupSeconds, requests, timeoutSeconds, seed, loops, headers, traffic
    }

    public init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(otherThan: CodingKeys.self)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try values.decode(String.self, forKey: .name),
            load: try values.decode(Load.self, forKey: .load),
            traffic: try values.decode([Traffic].self, forKey: .traffic)
        )
        description = try values.decodeIfPresent(String.self, forKey: .description)
        durationSeconds = try values.decodeIfPresent(Double.self, forKey: .durationSeconds) ?? durationSeconds
        warmupSeconds = try values.decodeIfPresent(Double.self, forKey: .warmupSeconds) ?? warmupSeconds
        requests = try values.decodeIfPresent(Int.self, forKey: .requests)
        timeoutSeconds = try values.decodeIfPresent(Double.self, forKey: .timeoutSeconds) ?? timeoutSeconds
        seed = try values.decodeIfPresent(UInt64.self, forKey: .seed) ?? seed
        loops = try values.decodeIfPresent(Int.self, forKey: .loops)
        headers = try values.decodeIfPresent([String: String].self, forKey: .headers) ?? headers
    }
}

/// How requests arrive.
public enum Load: Codable, Sendable, Equatable {
    /// `rate` requests per second, evenly spaced, whether or not the servers keep up: what users do. At most
    /// `maxConnections` connections in all; a request that finds none free waits, and its latency counts that wait.
    case open(rate: Double, maxConnections: Int)
    /// `connections` connections in all, each sending its next request when the last was answered: what a benchmark of
    /// throughput does. Its latencies say nothing of users who arrive while a server stalls.
    case closed(connections: Int)

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case model, rate, maxConnections, connections
    }

    public init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(otherThan: CodingKeys.self)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        switch try values.decode(String.self, forKey: .model) {
        case "open":
            self = .open(
                rate: try values.decode(Double.self, forKey: .rate),
                maxConnections: try values.decodeIfPresent(Int.self, forKey: .maxConnections) ?? 256
            )
        case "closed":
            self = .closed(connections: try values.decode(Int.self, forKey: .connections))
        case let other:
            throw DecodingError.dataCorruptedError(
                forKey: .model, in: values, debugDescription: "the model is \"open\" or \"closed\", not \"\(other)\""
            )
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .open(let rate, let maxConnections):
            try values.encode("open", forKey: .model)
            try values.encode(rate, forKey: .rate)
            try values.encode(maxConnections, forKey: .maxConnections)
        case .closed(let connections):
            try values.encode("closed", forKey: .model)
            try values.encode(connections, forKey: .connections)
        }
    }
}
