internal import NIOHTTP1

/// One answer of the telemetry listener.
struct TelemetryReply: Sendable, Equatable {
    var status: HTTPResponseStatus
    var contentType = "text/plain; charset=utf-8"
    var allow: String?
    var body: [UInt8]

    static func reply(to method: HTTPMethod, target: String, from sources: TelemetrySources) -> TelemetryReply {
        let path = target.prefix { $0 != "?" }
        guard ["/metrics", "/health", "/ready"].contains(path) else {
            return TelemetryReply(.notFound, "Nothing here. There are /metrics, /health and /ready.\n")
        }
        guard method == .GET || method == .HEAD else {
            var refusal = TelemetryReply(.methodNotAllowed, "Only GET and HEAD are answered here.\n")
            refusal.allow = "GET, HEAD"
            return refusal
        }
        switch path {
        case "/metrics":
            return TelemetryReply(status: .ok, contentType: PrometheusText.contentType, body: sources.metrics())
        case "/health":
            return TelemetryReply(sources.health(), "healthy\n")
        default:
            return TelemetryReply(sources.ready(), "ready\n")
        }
    }
}

extension TelemetryReply {
    private init(_ readiness: Readiness, _ yes: String) {
        switch readiness {
        case .ready: self.init(.ok, yes)
        case .notReady(let reason): self.init(.serviceUnavailable, "\(reason)\n")
        }
    }

    private init(_ status: HTTPResponseStatus, _ text: String) {
        self.init(status: status, body: Array(text.utf8))
    }
}
