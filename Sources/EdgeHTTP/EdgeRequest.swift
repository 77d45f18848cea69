public import CacheProtocol
internal import NIOCore

/// One GET or HEAD: a view of the request's own bytes, nothing of it decoded.
public struct EdgeRequest: Sendable {
    public enum Method: Sendable {
        case get, head
    }

    /// Read after the request's bytes were read (DESIGN §4, rule 4): what a lease is compared with.
    public let receivedAt: BootInstant
    /// The peer's address, without its port.
    public let client: String

    let head: RequestHead
    private let bytes: ByteBuffer

    init(head: RequestHead, bytes: ByteBuffer, client: String, receivedAt: BootInstant) {
        self.head = head
        self.bytes = bytes
        self.client = client
        self.receivedAt = receivedAt
    }

    /// A request that no client sent, for tests of responders.
    ///
    /// - Returns: Nil when it is none that a responder would see.
    public init?(
        _ method: Method = .get, target: String, host: String = "localhost", fields: [(String, String)] = [],
        client: String = "127.0.0.1", receivedAt: BootInstant = .now()
    ) {
        var bytes = ByteBuffer()
        bytes.append("\(method == .get ? "GET" : "HEAD") \(target) HTTP/1.1\r\nHost: \(host)\r\n")
        for (name, value) in fields { bytes.append("\(name): \(value)\r\n") }
        bytes.append("\r\n")
        guard let head = RequestHead(plain: bytes.readableBytesUInt8Span) else { return nil }
        self.init(head: head, bytes: bytes, client: client, receivedAt: receivedAt)
    }

    public var method: Method {
        head.method == .get ? .get : .head
    }

    /// The raw request target, path and query as they were sent.
    public func withTarget<Result, Failure: Error>(_ body: (Span<UInt8>) throws(Failure) -> Result) throws(Failure) -> Result {
        try body(bytes.readableBytesUInt8Span.extracting(head.target))
    }

    /// The `Accept` field; several are joined by a comma. An absent one is an empty span, which means the same here: no
    /// format is preferred.
    public func withAccept<Result, Failure: Error>(_ body: (Span<UInt8>) throws(Failure) -> Result) throws(Failure) -> Result {
        try body(bytes.readableBytesUInt8Span.extracting(head.accept ?? 0..<0))
    }

    /// As ``withTarget(_:)``, with bytes that are no UTF-8 replaced.
    public var target: String { text(head.target) }

    /// The host as the client named it, with its port where it named one.
    public var host: String { text(head.host) }

    public var accept: String? { head.accept.map(text) }

    public var ifNoneMatch: String? { head.ifNoneMatch.map(text) }

    public var ifModifiedSince: String? { head.ifModifiedSince.map(text) }

    public var hasAuthorization: Bool { head.hasAuthorization }

    public var hasRange: Bool { head.range != nil }

    /// The first field of that name, in whatever case.
    public func field(_ name: String) -> String? {
        var name = name.lowercased()
        return name.withUTF8 { name in
            let bytes = bytes.readableBytesUInt8Span
            var line = head.fieldsStart
            while let field = HeaderField(bytes, at: line) {
                if bytes.isName(name, field.name) { return bytes.text(field.value) }
                line = field.next
            }
            return nil
        }
    }

    private func text(_ range: Range<Int>) -> String {
        bytes.readableBytesUInt8Span.text(range)
    }

    /// Whether the client has this object already (RFC 9110 §13.2.2).
    func alreadyHas(_ metadata: ObjectMetadata) -> Bool {
        guard head.ifNoneMatch != nil || head.ifModifiedSince != nil else { return false }
        let bytes = bytes.readableBytesUInt8Span
        if let tags = head.ifNoneMatch {
            return EntityTagList.matches(bytes.extracting(tags), metadata.entityTag)
        }
        guard let range = head.ifModifiedSince, let modified = metadata.lastModified,
            let since = HTTPDate.parse(bytes.text(range))
        else { return false }
        return modified <= since
    }

    /// Which bytes of the object the client asks for, once it is known not to have it. HEAD knows no ranges (RFC 9110 §14.2).
    func ranges(of metadata: ObjectMetadata, length: Int) -> ByteRanges {
        guard let field = head.range, head.method == .get, length > 0 else { return .ignored }
        let bytes = bytes.readableBytesUInt8Span
        if let condition = head.ifRange, !isStill(bytes.extracting(condition), metadata) { return .ignored }
        return ByteRanges(bytes.extracting(field), length: length)
    }

    /// `If-Range` (RFC 9110 §13.1.5): compared strongly, and a date only with the very date that we gave.
    private func isStill(_ condition: Span<UInt8>, _ metadata: ObjectMetadata) -> Bool {
        let text = condition.text(0..<condition.count)
        if text.hasPrefix("\"") { return text == metadata.entityTag }
        guard let modified = metadata.lastModified, let date = HTTPDate.parse(text) else { return false }
        return modified == date
    }
}
