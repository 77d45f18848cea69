/// Both servers at one size, round by round, and what follows from it.
public struct HitComparison: Codable, Sendable {
    /// A share of the edge's figure in nginx's, or why there is none.
    public struct Ratio: Codable, Sendable, Equatable {
        public var value: Double?
        public var refusal: String?
        /// The most that it may be.
        public var goal: Double?
        public var isMet: Bool?

        init(_ value: Double, goal: Double? = nil) {
            self.value = (value * 1e3).rounded() / 1e3
            self.goal = goal
            isMet = goal.map { value <= $0 }
        }

        init(refusal: String, goal: Double? = nil) {
            self.refusal = refusal
            self.goal = goal
        }
    }

    public var proto: HitProtocol
    /// Of a body.
    public var size: Int
    public var tier: EdgeTier
    public var edge: [HitRound]
    public var nginx: [HitRound]
    /// Of CPU per hit.
    public var cpu: Ratio
    public var throughput: Ratio

    private enum CodingKeys: String, CodingKey {
        case proto = "protocol"
        case size, tier, edge, nginx, cpu, throughput
    }

    /// - Parameters:
    ///   - edge: its rounds, each beside nginx's at the same place.
    init(_ proto: HitProtocol, size: Int, edge: [HitRound], nginx: [HitRound]) {
        (self.proto, self.size, self.edge, self.nginx) = (proto, size, edge, nginx)
        tier = HitsPlan.tier(ofBody: size)
        let goal = proto.goal(ofBody: size)
        if let refusal = Self.refusal(edge: edge, nginx: nginx) {
            cpu = Ratio(refusal: refusal, goal: goal)
            throughput = Ratio(refusal: refusal)
            return
        }
        cpu = Ratio(Self.medianRatio(edge.map(\.cpuMicroseconds), nginx.map(\.cpuMicroseconds)), goal: goal)
        throughput =
            if let refusal = Self.bottleneck(edge: edge, nginx: nginx) {
                Ratio(refusal: refusal)
            } else {
                Ratio(Self.medianRatio(edge.map(\.requestsPerSecond), nginx.map(\.requestsPerSecond)))
            }
    }

    var failures: [String] {
        Self.named(edge: edge, nginx: nginx) { $0.failures }
    }

    /// Of the rounds' own ratios: what happens to the machine in a round happens to both of its figures.
    static func medianRatio(_ edge: [Double], _ nginx: [Double]) -> Double {
        PurgeRun.median(zip(edge, nginx).map { $0 / $1 })
    }

    /// Why no figure of theirs is to be compared; nil when all may be.
    static func refusal(edge: [HitRound], nginx: [HitRound]) -> String? {
        guard !edge.isEmpty, edge.count == nginx.count else { return "the rounds are not complete" }
        return named(edge: edge, nginx: nginx) { $0.failures }.first
    }

    /// Why how fast they answered is not the servers' own figure; nil when it is.
    ///
    /// A server is measured when its core has no time left and the generator's has.
    static func bottleneck(edge: [HitRound], nginx: [HitRound]) -> String? {
        let full = 0.95
        return named(edge: edge, nginx: nginx) { round in
            if round.generatorBusy >= full {
                return ["generator-bound (on the CPU for \(Format.percent(round.generatorBusy)))"]
            }
            if round.serverBusy < full { return ["its core was not full (\(Format.percent(round.serverBusy)))"] }
            return []
        }.first
    }

    private static func named(edge: [HitRound], nginx: [HitRound], _ texts: (HitRound) -> [String]) -> [String] {
        [(HitServer.edge, edge), (.nginx, nginx)].flatMap { server, rounds in
            rounds.enumerated().flatMap { number, round in
                texts(round).map { "\(server.rawValue), round \(number + 1): \($0)" }
            }
        }
    }
}
