/// How the edge listens and where its patience ends. Two deadlines stand in relation to each other: a connection is
/// given up by its balancer before we give it up (`idleSeconds` above the usual 60), and a head that comes byte by byte
/// is given up long before that.
public struct EdgeHTTPConfiguration: Sendable {
    /// `listen.host`: an address of this machine, or `0.0.0.0` or `::` for all.
    public var host = "127.0.0.1"
    /// `listen.port`: 0 takes any free port.
    public var port = 0
    /// `listen.tls.…`: nil for no TLS.
    public var tls: EdgeTLSConfiguration?
    /// `node.name`: how this cache calls itself in `Cache-Status`, after `Vignette-`. Letters, digits, `-`, `_` and `.`.
    public var nodeName = "edge"
    /// Event loops, each a thread.
    public var loops = 1
    /// Connections that the kernel holds ready for us to accept.
    public var backlog: Int32 = 1024

    /// Connections in all; the next one is answered 503 and closed. Each takes a file descriptor, of which the process must
    /// be allowed this many and those of its cache.
    public var maximumConnections = 10_000
    /// Connections of one client, by its address; the next one is answered 503 and closed. 0 for no such limit: behind a
    /// balancer all clients have one address.
    public var maximumConnectionsPerClient = 0
    /// Requests in all that wait for something that is not at hand; the next one is answered 503 with `Retry-After`. A
    /// connection has one at a time, because answers go out in order.
    public var maximumWaiting = 1_000
    /// Those of one client, by its address, likewise: over HTTP/2 it may have many. 0 for no such limit.
    public var maximumWaitingPerClient = 0
    /// What a request refused for lack of room is told to wait, in seconds.
    public var retryAfterSeconds: UInt32 = 1

    /// Bytes of a request target; a longer one is answered 414.
    public var maximumTargetBytes = 8 * 1024
    /// Bytes of a request's head with its request line; a longer one is answered 431.
    public var maximumHeadBytes = 32 * 1024
    /// Header fields of one request; more are answered 431.
    public var maximumHeaderFields = 100

    /// A connection without a request is closed after so long.
    public var idleSeconds: UInt64 = 75
    /// From the first byte of a head to its last; then 408.
    public var headSeconds: UInt64 = 10
    /// An answer of which the client took no byte for so long is given up.
    public var stallSeconds: UInt64 = 30
    /// How long a connection that we end is read on, so that the client sees our last answer before it sees the end.
    public var lingerSeconds: UInt64 = 2
    /// What running answers have left at a shutdown.
    public var drainSeconds: UInt64 = 20

    /// Bodies up to here leave in one buffer with their head.
    public var oneBufferBytes = 16 * 1024

    public init(host: String = "127.0.0.1", port: Int = 0, nodeName: String = "edge", loops: Int = 1) {
        self.host = host
        self.port = port
        self.nodeName = nodeName
        self.loops = loops
    }

    /// The first setting that cannot be, or nil.
    var mistake: String? {
        let isToken = nodeName.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        if !isToken || nodeName.isEmpty { return "node.name may have letters, digits, - _ and . only, not \"\(nodeName)\"" }
        if !(0...65_535).contains(port) { return "listen.port is \(port), not between 0 and 65535" }
        if let tls, !(0...65_535).contains(tls.port) { return "listen.tls.port is \(tls.port), not between 0 and 65535" }
        if loops < 1 { return "at least one event loop is needed, not \(loops)" }
        if maximumConnections < 1 { return "at least one connection must be allowed, not \(maximumConnections)" }
        if maximumConnectionsPerClient < 0 {
            return "a client's connections are limited to \(maximumConnectionsPerClient); 0 is for no limit"
        }
        if maximumWaiting < 1 { return "at least one request must be allowed to wait, not \(maximumWaiting)" }
        if maximumWaitingPerClient < 0 {
            return "a client's waiting requests are limited to \(maximumWaitingPerClient); 0 is for no limit"
        }
        if maximumTargetBytes + 64 > maximumHeadBytes { return "the limit of a head must lie above that of a target" }
        if headSeconds >= idleSeconds { return "a slow head must be given up before an idle connection" }
        return nil
    }
}
