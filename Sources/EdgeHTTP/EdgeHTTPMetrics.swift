internal import Telemetry

/// The edge's own metrics. Every loop counts into cells of its own.
struct EdgeHTTPMetrics {
    let answers: CounterSet<AnswerLabel>
    let notHits: CounterSet<CacheReason>
    let statuses: CounterSet<StatusClass>
    let bytes: Counter
    let aborted: Counter
    let erased: Counter
    let duration: Histogram
    let accepted: Counter
    let refused: Counter
    let handshakes: Counter
    let handshakesFailed: Counter
    let http2Connections: Counter
    let certificateNotAfter: Gauge
    let certificateReloadsFailed: Counter
    let open: Gauge
    let waiting: Gauge

    init(_ registry: MetricsRegistry) {
        answers = registry.counters(
            "vignette_http_requests_total", help: "Requests answered, by how the cache took part.", label: "cache",
            of: AnswerLabel.self
        )
        notHits = registry.counters(
            "vignette_http_not_hit_total", help: "Requests that were no plain hit, by the reason.", label: "reason",
            of: CacheReason.self
        )
        statuses = registry.counters(
            "vignette_http_responses_total", help: "Responses by the class of their status.", label: "status",
            of: StatusClass.self
        )
        bytes = registry.counter("vignette_http_body_bytes_total", help: "Bytes of bodies handed to the network.")
        aborted = registry.counter(
            "vignette_http_aborted_total", help: "Requests whose client went away before its answer was sent."
        )
        erased = registry.counter(
            "vignette_http_answers_erased_total", help: "Answers under way that were cut off because their object was erased."
        )
        duration = registry.histogram(
            "vignette_http_request_duration_seconds",
            help: "From a request's head read to its answer handed to the network."
        )
        accepted = registry.counter("vignette_http_connections_total", help: "Connections accepted.")
        refused = registry.counter(
            "vignette_http_connections_refused_total", help: "Connections refused because there were too many."
        )
        handshakes = registry.counter("vignette_tls_handshakes_total", help: "TLS handshakes that were completed.")
        handshakesFailed = registry.counter(
            "vignette_tls_handshakes_failed_total", help: "TLS connections that ended before their handshake was done."
        )
        http2Connections = registry.counter("vignette_http2_connections_total", help: "Connections that speak HTTP/2.")
        certificateNotAfter = registry.gauge(
            "vignette_tls_certificate_not_after_seconds", help: "When the certificate that is shown expires, in seconds since 1970."
        )
        certificateReloadsFailed = registry.counter(
            "vignette_tls_certificate_reloads_failed_total",
            help: "Tries to read a changed certificate that failed; the one before is still shown."
        )
        open = registry.gauge("vignette_http_connections", help: "Connections open now.")
        waiting = registry.gauge(
            "vignette_http_requests_waiting", help: "Requests that wait for something that is not at hand."
        )
    }

    /// To be called once for each event loop.
    func cells() -> EdgeHTTPMetricCells {
        EdgeHTTPMetricCells(
            answers: answers.cells(), notHits: notHits.cells(), statuses: statuses.cells(), bytes: bytes.cell(),
            aborted: aborted.cell(), erased: erased.cell(), duration: duration.cell(), accepted: accepted.cell(), refused: refused.cell(),
            handshakes: handshakes.cell(), handshakesFailed: handshakesFailed.cell(), http2Connections: http2Connections.cell()
        )
    }
}

struct EdgeHTTPMetricCells {
    let answers: CounterCellSet<AnswerLabel>
    let notHits: CounterCellSet<CacheReason>
    let statuses: CounterCellSet<StatusClass>
    let bytes: CounterCell
    let aborted: CounterCell
    let erased: CounterCell
    let duration: HistogramCell
    let accepted: CounterCell
    let refused: CounterCell
    let handshakes: CounterCell
    let handshakesFailed: CounterCell
    let http2Connections: CounterCell
}

/// The `cache` label: ``CacheOutcome``, and `none` where the cache had no part.
enum AnswerLabel: UInt8, MetricLabel {
    case hit, miss, stale, bypass, collapsed, none

    init(_ outcome: CacheOutcome?) {
        switch outcome {
        case .hit: self = .hit
        case .miss: self = .miss
        case .stale: self = .stale
        case .bypass: self = .bypass
        case .collapsed: self = .collapsed
        case nil: self = .none
        }
    }

    var label: String {
        switch self {
        case .hit: "hit"
        case .miss: "miss"
        case .stale: "stale"
        case .bypass: "bypass"
        case .collapsed: "collapsed"
        case .none: "none"
        }
    }
}

enum StatusClass: UInt8, MetricLabel {
    case success, redirection, clientError, serverError

    init(_ status: UInt16) {
        switch status {
        case ..<300: self = .success
        case ..<400: self = .redirection
        case ..<500: self = .clientError
        default: self = .serverError
        }
    }

    var label: String {
        switch self {
        case .success: "2xx"
        case .redirection: "3xx"
        case .clientError: "4xx"
        case .serverError: "5xx"
        }
    }
}
