public import Telemetry

/// Why an answer is no plain hit: one word for the `Cache-Status` field (RFC 9211), the metric's label and the access
/// line's `reason`.
public enum CacheReason: UInt8, MetricLabel {
    // Forwarded to the origin.
    /// Never seen, or evicted since.
    case cold
    /// The URL is known, but not in a format this client takes.
    case variant
    /// Too old, and not allowed to be served stale.
    case expired
    /// A command forbids the copy.
    case purged
    /// The copy did not match its checksum.
    case corrupt
    /// This kind of request is not answered from the cache.
    case bypass

    // Answered with a copy that is too old.
    /// A fresher one is being fetched.
    case revalidating
    /// The origin could not give a fresher one.
    case originError

    // Answered here with a failure.
    /// Not HTTP, or not for us: 400, 405, 408, 414, 431.
    case badRequest
    /// The URL or its recipe: 400.
    case badURL
    /// The signature: 401.
    case unauthorized
    /// 410.
    case erased
    /// The node may not answer: 503.
    case noLease
    /// No room: 503.
    case overload
    /// No origin answered, or not in time: 502, 503, 504.
    case originDown
    /// The node is going down: 503.
    case shuttingDown
    /// The node's own fault: 500.
    case fault

    public var label: String {
        switch self {
        case .cold: "cold"
        case .variant: "variant"
        case .expired: "expired"
        case .purged: "purged"
        case .corrupt: "corrupt"
        case .bypass: "bypass"
        case .revalidating: "revalidating"
        case .originError: "origin_error"
        case .badRequest: "bad_request"
        case .badURL: "bad_url"
        case .unauthorized: "unauthorized"
        case .erased: "erased"
        case .noLease: "no_lease"
        case .overload: "overload"
        case .originDown: "origin_down"
        case .shuttingDown: "shutting_down"
        case .fault: "fault"
        }
    }

    /// RFC 9211 §2.2, where the request was forwarded.
    var forward: StaticString? {
        switch self {
        case .cold: "uri-miss"
        case .variant: "vary-miss"
        case .expired, .originError: "stale"
        case .purged, .corrupt: "miss"
        case .bypass: "bypass"
        default: nil
        }
    }
}

/// How the cache took part in an answer.
///
/// ```
/// Vignette-edge-1; hit; ttl=86388
/// Vignette-edge-1; hit; ttl=-12; detail=revalidating
/// Vignette-edge-1; fwd=uri-miss; fwd-status=200; stored; detail=cold
/// Vignette-edge-1; fwd=uri-miss; collapsed; stored; detail=cold
/// Vignette-edge-1; fwd=stale; fwd-status=503; ttl=-12; detail=origin_error
/// Vignette-edge-1; detail=no_lease
/// ```
/// `ttl` is worked out from the object.
public struct CacheStatus: Sendable, Equatable {
    /// Nil where the cache had no part, as for a malformed URL.
    public var outcome: CacheOutcome?
    /// Nil for a plain hit only.
    public var reason: CacheReason?
    /// The origin's status, where the request was forwarded.
    public var forwardStatus: UInt16?
    /// Whether the origin's answer was kept.
    public var stored: Bool

    public init(outcome: CacheOutcome?, reason: CacheReason?, forwardStatus: UInt16? = nil, stored: Bool = false) {
        self.outcome = outcome
        self.reason = reason
        self.forwardStatus = forwardStatus
        self.stored = stored
    }

    public static let hit = CacheStatus(outcome: .hit, reason: nil)

    /// Served although too old: `revalidating` or `originError`.
    public static func stale(_ reason: CacheReason, forwardStatus: UInt16? = nil) -> CacheStatus {
        CacheStatus(outcome: .stale, reason: reason, forwardStatus: forwardStatus)
    }

    /// Fetched for this request.
    public static func miss(_ reason: CacheReason, forwardStatus: UInt16? = nil, stored: Bool = false) -> CacheStatus {
        CacheStatus(outcome: reason == .bypass ? .bypass : .miss, reason: reason, forwardStatus: forwardStatus, stored: stored)
    }

    /// Fetched for another request that this one waited on.
    public static func collapsed(_ reason: CacheReason, stored: Bool = false) -> CacheStatus {
        CacheStatus(outcome: .collapsed, reason: reason, stored: stored)
    }

    /// Refused here.
    public static func refused(_ reason: CacheReason) -> CacheStatus {
        CacheStatus(outcome: nil, reason: reason)
    }
}

extension CacheStatus {
    /// - Parameter ttl: Seconds of freshness left, negative when stale; nil without an object.
    func write(cache: String, ttl: Int64?, to sink: inout some ByteSink) {
        sink.append(cache)
        if let forward = reason?.forward {
            sink.append("; fwd=")
            sink.append(forward)
            if let forwardStatus {
                sink.append("; fwd-status=")
                sink.append(number: Int64(forwardStatus))
            }
            if outcome == .collapsed { sink.append("; collapsed") }
            if stored { sink.append("; stored") }
        } else if outcome == .hit || outcome == .stale {
            sink.append("; hit")
        }
        if let ttl {
            sink.append("; ttl=")
            sink.append(number: ttl)
        }
        if let reason {
            sink.append("; detail=")
            sink.append(reason.label)
        }
    }
}
