internal import NIOCore
internal import NIOHTTP1

/// What an unusual request comes to, after NIO's decoder has read it: refused, answered without the responder, or
/// written anew as a plain one, so that ``RequestHead`` alone gives requests their meaning.
enum StandardRequest {
    case plain(bytes: ByteBuffer, head: RequestHead, ConnectionUse)
    case options(ConnectionUse)
    case methodNotAllowed(ConnectionUse)
    case refused(HeadFault)

    init(_ head: HTTPRequestHead) {
        guard head.version == .http1_1 || head.version == .http1_0 else {
            self = .refused(.version)
            return
        }
        // Whatever the method: who sends two means to be understood twice.
        guard let host = Self.host(of: head) else {
            self = .refused(.host)
            return
        }
        let use = ConnectionUse(head)
        switch head.method {
        case .GET, .HEAD:
            self = Self.plain(head, host, use)
        case .OPTIONS:
            self = .options(use)
        default:
            self = .methodNotAllowed(use)
        }
    }

    private static func plain(_ head: HTTPRequestHead, _ named: String, _ use: ConnectionUse) -> StandardRequest {
        var host = named
        var target = Substring(head.uri)
        guard !target.utf8.contains(UInt8(ascii: "#")) else { return .refused(.target) }
        if let absolute = AbsoluteTarget(target) {
            // RFC 9112 §3.2.2: the Host field is then ignored.
            host = String(absolute.authority)
            target = absolute.pathAndQuery
        }
        guard target.utf8.first == UInt8(ascii: "/") else { return .refused(.target) }
        if let expect = head.headers.first(name: "expect"), !expect.withoutBlanks.isKeyword("100-continue") {
            return .refused(.expectation)
        }
        var bytes = ByteBuffer()
        bytes.append("\(head.method.rawValue) \(target) HTTP/1.1\r\nHost: \(host)\r\n")
        for name in ["accept", "if-none-match"] where head.headers.contains(name: name) {
            bytes.append("\(name): \(head.headers[name].map(\.withoutBlanks).joined(separator: ", "))\r\n")
        }
        for (name, value) in head.headers where !rewritten.contains(name.lowercased()) {
            bytes.append("\(name): \(value)\r\n")
        }
        // Two of these mean nothing.
        let since = head.headers["if-modified-since"]
        if since.count == 1 { bytes.append("if-modified-since: \(since[0])\r\n") }
        bytes.append("\r\n")
        guard let plain = RequestHead(plain: bytes.readableBytesUInt8Span) else { return .refused(.malformed) }
        return .plain(bytes: bytes, head: plain, use)
    }

    /// Fields that are written apart, and those that ended here.
    private static let rewritten: Set<String> = [
        "host", "accept", "if-none-match", "if-modified-since", "connection", "keep-alive", "expect", "upgrade",
        "http2-settings", "content-length", "transfer-encoding", "te", "trailer",
    ]

    /// RFC 9112 §3.2: exactly one host, which only HTTP/1.0 may leave out.
    private static func host(of head: HTTPRequestHead) -> String? {
        let hosts = head.headers["host"]
        if hosts.isEmpty, head.version == .http1_0 { return "" }
        guard hosts.count == 1 else { return nil }
        let host = hosts[0].withoutBlanks
        let bytes = ByteBuffer(string: host)
        return RequestHead.isHost(bytes.readableBytesUInt8Span, 0..<bytes.readableBytes) ? host : nil
    }
}

extension String {
    /// The decoder leaves the white space at a value's end (RFC 9110 §5.5).
    fileprivate var withoutBlanks: String {
        var text = Substring(self)
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text.drop { $0 == " " || $0 == "\t" })
    }
}

extension StringProtocol {
    /// Compares without regard to case, and to ASCII's only: a Kelvin sign is no k.
    fileprivate func isKeyword(_ keyword: String) -> Bool {
        utf8.elementsEqual(keyword.utf8) { $0.lowercased == $1 }
    }
}

/// Whether the connection goes on after the answer, and what the answer says about it.
struct ConnectionUse: Equatable {
    var goesOn: Bool
    /// HTTP/1.0 takes the end of the connection for granted, and wants to be told otherwise.
    var saysKeepAlive = false

    init(goesOn: Bool) {
        self.goesOn = goesOn
    }

    init(_ head: HTTPRequestHead) {
        // A body is not read: what follows the head would be taken for the next request.
        let hasBody = head.headers.contains(name: "transfer-encoding")
            || head.headers["content-length"].contains { Int($0.withoutBlanks) != 0 }
        // RFC 9112 §9.3: `close` wins over all else.
        let options = head.headers[canonicalForm: "connection"]
        let isKept = head.version == .http1_1 || options.contains { $0.isKeyword("keep-alive") }
        // Some clients send what is for the tunnel before they hear that there is none.
        let mayTunnel = head.method == .CONNECT
        goesOn = isKept && !options.contains { $0.isKeyword("close") } && !hasBody && !mayTunnel
        saysKeepAlive = goesOn && head.version == .http1_0
    }
}

/// `http://host:port/path?query`
private struct AbsoluteTarget {
    let authority: Substring
    let pathAndQuery: Substring

    init?(_ target: Substring) {
        let lower = target.prefix(8).lowercased()
        let rest: Substring
        if lower.hasPrefix("http://") {
            rest = target.dropFirst(7)
        } else if lower.hasPrefix("https://") {
            rest = target.dropFirst(8)
        } else {
            return nil
        }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        authority = rest[..<end]
        // Userinfo in front of an @ is refused with all else that is no host.
        guard !authority.isEmpty else { return nil }
        pathAndQuery = rest[end...].first == "/" ? rest[end...] : "/" + rest[end...]
    }
}
