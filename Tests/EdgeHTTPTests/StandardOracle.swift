@testable import EdgeHTTP
import NIOCore
import NIOEmbedded
import NIOHTTP1

/// What NIO's own decoder makes of bytes, with nothing of ours in between.
enum StandardOracle {
    struct Request {
        let head: HTTPRequestHead
        /// Whether what follows is, or is to be, a body or a tunnel.
        var hasBody = true
    }

    struct Verdict {
        var requests: [Request] = []
        var isRefused = false

        /// - Returns: Nil where the bytes are not one request.
        var only: Request? {
            requests.count == 1 && !isRefused ? requests[0] : nil
        }
    }

    static func read(_ bytes: some Sequence<UInt8>) throws -> Verdict {
        var verdict = Verdict()
        var unread: ByteBuffer? = ByteBuffer(bytes: bytes)
        while let buffer = unread, !verdict.isRefused {
            unread = try read(buffer, into: &verdict)
        }
        return verdict
    }

    /// - Returns: What the decoder left alone because a request asks for another protocol. As it is not given any, HTTP
    ///   goes on.
    private static func read(_ buffer: ByteBuffer, into verdict: inout Verdict) throws -> ByteBuffer? {
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes))
        let channel = EmbeddedChannel(handler: decoder)
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        do {
            try channel.writeInbound(buffer)
        } catch is HTTPParserError {
            verdict.isRefused = true
        }
        while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
            switch part {
            case .head(let head): verdict.requests.append(Request(head: head))
            case .body: break
            case .end where verdict.requests.last?.head.declaresBody == false:
                verdict.requests[verdict.requests.count - 1].hasBody = false
            case .end: break
            }
        }
        guard !verdict.isRefused, verdict.requests.last?.hasBody == false else { return nil }
        channel.pipeline.syncOperations.removeHandler(decoder, promise: nil)
        channel.embeddedEventLoop.run()
        return try channel.readInbound(as: ByteBuffer.self)
    }
}

extension HTTPRequestHead {
    fileprivate var declaresBody: Bool {
        method == .CONNECT || headers.contains(name: "transfer-encoding")
            || headers["content-length"].contains { Int($0.trimmed) != 0 }
    }

    /// RFC 9112 §3.2, which the decoder leaves to its user.
    var hasOneHost: Bool {
        let hosts = headers["host"]
        return hosts.count == 1 || hosts.isEmpty && version == .http1_0
    }

    /// RFC 9112 §9.3.
    var asksToGoOn: Bool {
        let options = headers["connection"].flatMap { value in
            value.split(separator: ",").map { option in
                // ASCII's case only.
                String(decoding: String(option).trimmed.utf8.map(\.lowercased), as: UTF8.self)
            }
        }
        // Bytes: texts that only look alike are equal too.
        func has(_ keyword: String) -> Bool { options.contains { $0.utf8.elementsEqual(keyword.utf8) } }
        return !has("close") && (version == .http1_1 || has("keep-alive"))
    }
}

extension RequestMeaning {
    /// - Returns: Nil where the request is not GET or HEAD for a path on a host.
    init?(_ head: HTTPRequestHead) {
        guard head.method == .GET || head.method == .HEAD, head.hasOneHost, !head.uri.contains("#") else { return nil }
        method = head.method.rawValue
        target = head.uri
        host = head.headers["host"].first?.trimmed ?? ""
        let lower = target.lowercased()
        if let scheme = ["http://", "https://"].first(where: lower.hasPrefix) {
            let rest = target.dropFirst(scheme.count)
            host = String(rest.prefix { $0 != "/" && $0 != "?" })
            let path = String(rest.dropFirst(host.count))
            target = path.hasPrefix("/") ? path : "/" + path
        }
        guard target.hasPrefix("/") else { return nil }
        func values(_ name: String) -> [String] { head.headers[name].map(\.trimmed) }
        func list(_ name: String) -> String? {
            values(name).isEmpty ? nil : values(name).joined(separator: ", ").trimmed
        }
        func single(_ name: String) -> String? { values(name).count > 1 ? "" : values(name).first }
        accept = list("accept")
        ifNoneMatch = list("if-none-match")
        ifModifiedSince = values("if-modified-since").count == 1 ? values("if-modified-since")[0] : nil
        range = single("range")
        ifRange = single("if-range")
        hasAuthorization = head.headers.contains(name: "authorization")
        other = values("x").first
    }
}

extension String {
    /// Without the white space that is none of a field's value (RFC 9110 §5.5).
    var trimmed: String {
        let blanks: [UInt8] = [0x20, 0x09]
        let bytes = utf8.drop(while: blanks.contains)
        guard let last = bytes.lastIndex(where: { !blanks.contains($0) }) else { return "" }
        return String(decoding: bytes[...last], as: UTF8.self)
    }
}
