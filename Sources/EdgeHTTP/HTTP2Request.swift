internal import CacheProtocol
internal import NIOCore
internal import NIOHPACK

/// A request's header block (RFC 9113 §8.3), written anew as the head of a plain HTTP/1.1 request: one scanner sets all
/// requests their limits, and one parser gives them their meaning.
struct HTTP2Request {
    private var method: String?
    private var target: String?
    private var scheme: String?
    private var authority: String?
    private var hasFields = false
    private var hosts: [String] = []
    private var isExpecting = false
    private var accept: [String] = []
    private var ifNoneMatch: [String] = []
    private var ifModifiedSince: [String] = []
    private var others = ByteBuffer()
    private var isMalformed = false

    static func read(_ headers: HPACKHeaders, limits: HeadLimits) -> StandardRequest {
        HTTP2Request(headers).standard(limits)
    }

    private init(_ headers: HPACKHeaders) {
        others.reserveCapacity(512)
        for (name, value, _) in headers {
            // RFC 9113 §8.2.1. Written as a line, a value with a line end in it would be two.
            isMalformed = isMalformed || value.utf8.contains { $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") || $0 == 0 }
            if name.utf8.first == UInt8(ascii: ":") { takePseudo(name, value) } else { take(name, value) }
        }
        isMalformed = isMalformed || method == nil || target == nil || scheme == nil
    }

    /// RFC 9113 §8.3: once each, none that is not of a request, and before all others.
    private mutating func takePseudo(_ name: String, _ value: String) {
        isMalformed = isMalformed || hasFields
        func take(_ part: inout String?) {
            isMalformed = isMalformed || part != nil
            part = value
        }
        switch name {
        case ":method": take(&method)
        case ":path": take(&target)
        case ":authority": take(&authority)
        case ":scheme": take(&scheme)
        default: isMalformed = true
        }
    }

    private mutating func take(_ name: String, _ value: String) {
        hasFields = true
        switch name {
        case "host": hosts.append(value)
        case "accept": accept.append(value)
        case "if-none-match": ifNoneMatch.append(value)
        case "if-modified-since": ifModifiedSince.append(value)
        case "expect": isExpecting = isExpecting || value.lowercased() != "100-continue"
        // Of a body, which nobody reads.
        case "content-length", "trailer": break
        // RFC 9113 §8.2.2.
        case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade": isMalformed = true
        case "te": isMalformed = isMalformed || value != "trailers"
        default:
            // RFC 9113 §8.2.1. Written as a line, a name with a colon or a line end in it would be another field.
            isMalformed = isMalformed || !name.utf8.allSatisfy { $0 == $0.lowercased && HeaderField.isTokenByte($0) }
            Self.append(name, value, to: &others)
        }
    }

    private func standard(_ limits: HeadLimits) -> StandardRequest {
        guard !isMalformed, let method, let target else { return .refused(.malformed) }
        guard let host = authority ?? hosts.first, hosts.allSatisfy({ $0 == host }) else { return .refused(.host) }
        switch method {
        case "GET", "HEAD": break
        case "OPTIONS": return .options(ConnectionUse(goesOn: true))
        default: return .methodNotAllowed(ConnectionUse(goesOn: true))
        }
        guard target.utf8.first == UInt8(ascii: "/") else { return .refused(.target) }
        guard target.utf8.allSatisfy({ $0 < 0x80 }) else { return .refused(.beyondASCII) }
        if isExpecting { return .refused(.expectation) }
        let bytes = plain(method, target, host)
        let span = bytes.readableBytesUInt8Span
        var scanner = HeadScanner(limits: limits)
        switch scanner.scan(span) {
        case .complete(let length) where length == span.count:
            guard let head = RequestHead(plain: span) else { return .refused(.malformed) }
            return .plain(bytes: bytes, head: head, ConnectionUse(goesOn: true))
        case .refused(let fault):
            return .refused(fault)
        case .complete, .incomplete:
            return .refused(.malformed)
        }
    }

    private func plain(_ method: String, _ target: String, _ host: String) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(others.readableBytes + target.utf8.count + host.utf8.count + 256)
        bytes.append(method)
        bytes.append(" ")
        bytes.append(target)
        bytes.append(" HTTP/1.1\r\nhost: ")
        bytes.append(host)
        bytes.append("\r\n")
        if !accept.isEmpty { Self.append("accept", accept.joined(separator: ", "), to: &bytes) }
        if !ifNoneMatch.isEmpty { Self.append("if-none-match", ifNoneMatch.joined(separator: ", "), to: &bytes) }
        // Two of these mean nothing.
        if ifModifiedSince.count == 1 { Self.append("if-modified-since", ifModifiedSince[0], to: &bytes) }
        bytes.writeImmutableBuffer(others)
        bytes.append("\r\n")
        return bytes
    }

    private static func append(_ name: String, _ value: String, to bytes: inout ByteBuffer) {
        bytes.append(name)
        bytes.append(": ")
        bytes.append(value)
        bytes.append("\r\n")
    }
}

extension Exchange {
    /// A header block that is no request for the responder.
    init(_ headers: HPACKHeaders, began: BootInstant) {
        self.init(
            method: headers.first(name: ":method") ?? "-", target: headers.first(name: ":path") ?? "-",
            ConnectionUse(goesOn: true), began: began)
    }
}
