/// What one request was, for its line in the access log.
///
/// ```
/// time=2026-11-24T22:05:01.123456Z log=access node=edge-1 client=127.0.0.1 method=GET target="/demo/a b.jpg" status=200
/// bytes=18231 duration_us=85 cache=miss reason=cold error=…
/// ```
/// `reason` stands in every line that is no hit. Client and target are given beside the line, as bytes or text, because
/// they lie in the request's own buffer.
public struct AccessLine: Sendable {
    public var time: Timestamp
    public var method: String
    public var status: UInt16
    /// Body bytes sent.
    public var bytes: UInt64
    /// From the request's last byte read to the answer's last byte written, in microseconds.
    public var durationMicroseconds: UInt64
    /// Nil where no cache is concerned, as for API calls.
    public var cache: CacheOutcome?
    /// Why it was no hit: one word of a closed set, such as `cold`, `expired`, `no_lease`.
    public var reason: String?
    /// The `ik-error` code of a refused or failed request.
    public var error: String?

    public init(
        time: Timestamp = .now, method: String, status: UInt16, bytes: UInt64, durationMicroseconds: UInt64,
        cache: CacheOutcome? = nil, reason: String? = nil, error: String? = nil
    ) {
        self.time = time
        self.method = method
        self.status = status
        self.bytes = bytes
        self.durationMicroseconds = durationMicroseconds
        self.cache = cache
        self.reason = reason
        self.error = error
    }
}
