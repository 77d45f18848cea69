public struct TelemetryConfiguration: Sendable {
    /// `telemetry.host`: the address to listen on. Metrics are not secret, but not for the public either.
    public var host = "127.0.0.1"
    /// `telemetry.port`: 0 takes any free port.
    public var port = 0
    /// A connection on which nothing is asked for so long is closed, in seconds. Above the minute that scrapers and
    /// balancers commonly leave between two questions.
    public var idleSeconds: Int64 = 90

    public init(host: String = "127.0.0.1", port: Int = 0) {
        self.host = host
        self.port = port
    }
}

/// Whether a node may be asked, and why not. The reason is for people: one line of plain text.
public enum Readiness: Sendable, Equatable {
    case ready
    case notReady(reason: String)
}

/// What the listener tells. The closures run on the listener's own thread: they must be quick and must not wait.
public struct TelemetrySources: Sendable {
    /// `/metrics`, in Prometheus' text format.
    public var metrics: @Sendable () -> [UInt8]
    /// `/health`: 200 as long as the process is worth keeping.
    public var health: @Sendable () -> Readiness
    /// `/ready`: 200 when the node may answer users.
    public var ready: @Sendable () -> Readiness

    public init(
        metrics: @escaping @Sendable () -> [UInt8],
        health: @escaping @Sendable () -> Readiness = { .ready },
        ready: @escaping @Sendable () -> Readiness
    ) {
        self.metrics = metrics
        self.health = health
        self.ready = ready
    }
}
