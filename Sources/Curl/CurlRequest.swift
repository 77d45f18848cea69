/// One HTTP request for ``CurlClient``. Plain http and https only, HTTP/1.1; a redirect is not followed unless
/// ``maximumRedirects`` says so; proxies named in the environment are not used.
public struct CurlRequest: Sendable {
    /// `GET`, `HEAD`, `POST`, …, sent as written.
    public var method: String

    /// An absolute URL. It is sent as it stands: nothing is encoded, and dot segments are not resolved.
    public var url: String

    /// Sent in this order. `Host`, `Content-Length` and `Connection` are libcurl's own unless named here.
    public var headers: [(name: String, value: String)]

    public var body: [UInt8]?

    public var timeouts: CurlTimeouts

    /// The most body bytes that a 2xx answer may have; one byte more is ``CurlError/Code/tooLarge``.
    public var maximumBodyBytes: Int

    /// The body of an answer that is not 2xx is cut here, without an error, and the rest is not read.
    public var maximumErrorBodyBytes: Int

    /// How many redirects are followed. 0: a 3xx is an answer like any other.
    public var maximumRedirects: Int

    /// Which addresses may be connected to; asked for every connection and every request on it, redirects included.
    public var addresses: CurlAddressRule

    public init(
        method: String = "GET",
        url: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8]? = nil,
        timeouts: CurlTimeouts = CurlTimeouts(),
        maximumBodyBytes: Int = 64 << 20,
        maximumErrorBodyBytes: Int = 64 << 10,
        maximumRedirects: Int = 0,
        addresses: CurlAddressRule = .any
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeouts = timeouts
        self.maximumBodyBytes = maximumBodyBytes
        self.maximumErrorBodyBytes = maximumErrorBodyBytes
        self.maximumRedirects = maximumRedirects
        self.addresses = addresses
    }
}

/// When a transfer is given up. Each of them ends in ``CurlError/Code/timedOut``.
public struct CurlTimeouts: Sendable, Equatable {
    /// From the start until the connection stands, name look-up and TLS included.
    public var connect: Duration

    /// From the start until the last byte. `nil`: no such limit.
    public var total: Duration?

    /// Given up when fewer than ``stallBytesPerSecond`` arrive over this long, in whole seconds; waiting for the
    /// answer's first byte counts. `nil` for long polls.
    public var stall: Duration?
    public var stallBytesPerSecond: Int

    public init(
        connect: Duration = .seconds(5),
        total: Duration? = .seconds(30),
        stall: Duration? = .seconds(10),
        stallBytesPerSecond: Int = 1
    ) {
        self.connect = connect
        self.total = total
        self.stall = stall
        self.stallBytesPerSecond = stallBytesPerSecond
    }

    /// For an answer that may be held back by the server for up to `wait`.
    public static func longPoll(_ wait: Duration, connect: Duration = .seconds(5)) -> CurlTimeouts {
        CurlTimeouts(connect: connect, total: wait + connect, stall: nil)
    }
}

/// Which addresses a request may talk to.
public struct CurlAddressRule: Sendable {
    let allows: @Sendable (CurlAddress) -> Bool

    /// `allows` runs on curl's thread: it must be quick and must not block.
    public init(_ allows: @escaping @Sendable (CurlAddress) -> Bool) {
        self.allows = allows
    }

    /// For URLs that the operator alone decides, such as those of other nodes.
    public static let any = CurlAddressRule { _ in true }
}
