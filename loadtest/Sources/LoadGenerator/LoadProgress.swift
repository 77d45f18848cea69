/// What a run is doing, once a second.
public struct LoadProgress: Sendable, Equatable {
    public enum Phase: String, Sendable {
        case priming, warmup = "warm-up", measuring, draining
    }

    public var phase: Phase
    /// Since the phase's requests began to be sent; of the planned seconds, where time ends the phase.
    public var elapsedSeconds: Double
    public var plannedSeconds: Double?
    public var answersPerSecond: Double
    public var answered: Int
    /// Of the planned requests, where their number ends the phase.
    public var plannedRequests: Int?
    public var inFlight: Int
    /// Milliseconds, over the last second; nil when nothing was answered.
    public var p50: Double?
    public var p99: Double?
    /// Share of the last second's answers that a cache gave.
    public var hitShare: Double?
    /// Since the phase began: failed requests, and answers with a status of 400 or more.
    public var errors: Int

    /// One line without its line feed.
    public var line: String {
        var parts = [phase.rawValue]
        parts.append(Format.seconds(elapsedSeconds) + (plannedSeconds.map { " of \(Format.seconds($0))" } ?? ""))
        parts.append(Format.rate(answersPerSecond))
        parts.append("\(Format.count(answered))\(plannedRequests.map { " of \(Format.count($0))" } ?? "") answered")
        parts.append("\(Format.count(inFlight)) in flight")
        if let p50, let p99 {
            parts.append("p50 \(Format.milliseconds(p50)), p99 \(Format.milliseconds(p99))")
        }
        if let hitShare {
            parts.append("\(Format.percent(hitShare)) hits")
        }
        parts.append("\(Format.count(errors)) errors")
        return parts.joined(separator: " | ")
    }
}
