internal import CacheProtocol
internal import NIOCore

/// One request and what is known of its answer so far.
struct Exchange {
    /// Nil where none could be read.
    var request: EdgeRequest?
    var connection: ConnectionUse
    /// After the request's bytes were read.
    var began: BootInstant
    /// As it goes into the access line.
    var method: String
    /// Of what was no request for the responder.
    var rawTarget: String?

    init(_ request: EdgeRequest, _ connection: ConnectionUse) {
        self.request = request
        self.connection = connection
        began = request.receivedAt
        method = request.method == .get ? "GET" : "HEAD"
    }

    /// A head that is no request for the responder.
    init(head: ByteBuffer, _ connection: ConnectionUse, began: BootInstant) {
        request = nil
        self.connection = connection
        self.began = began
        let line = RawRequestLine(head)
        (method, rawTarget) = (line.method, line.target)
    }

    /// As a client sent them, in whatever form.
    init(method: String, target: String, _ connection: ConnectionUse, began: BootInstant) {
        request = nil
        self.connection = connection
        self.began = began
        self.method = ResponsePlan.visible(String(method.prefix(16)))
        rawTarget = String(target.prefix(2048))
    }
}

/// What can be told of a head that was not understood, for the access line only.
struct RawRequestLine {
    var method = "-"
    var target = "-"
    /// RFC 9112 §3.2 has no such targets.
    var isBeyondASCII = false

    init(_ head: ByteBuffer) {
        let line = head.readableBytesView.drop { $0 <= 0x20 }.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
        isBeyondASCII = line.contains { $0 >= 0x80 }
        let words = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
        if let first = words.first { method = ResponsePlan.visible(String(decoding: first.prefix(16), as: UTF8.self)) }
        if words.count > 1 { target = String(decoding: words[1].prefix(2048), as: UTF8.self) }
    }
}
