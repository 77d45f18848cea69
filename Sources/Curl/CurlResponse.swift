/// The head of the final answer; those of followed redirects and of 1xx answers are not shown.
public struct CurlHead: Sendable {
    public let status: Int
    public let headers: CurlHeaders

    /// Where the answer came from: the requested URL, or the one that the last followed redirect named.
    public let url: String

    public init(status: Int, headers: CurlHeaders, url: String) {
        self.status = status
        self.headers = headers
        self.url = url
    }
}

/// A whole answer. Its body is complete: as long as its `Content-Length` says, or ended as its chunks say.
public struct CurlResponse: Sendable {
    public let head: CurlHead
    public let body: [UInt8]

    public var status: Int { head.status }
    public var headers: CurlHeaders { head.headers }

    public init(head: CurlHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }
}

/// Header fields as they came, looked up without regard to case.
public struct CurlHeaders: Sendable, Sequence {
    public private(set) var fields: [(name: String, value: String)]

    public init(_ fields: [(name: String, value: String)] = []) {
        self.fields = fields
    }

    /// The value of the last field of this name.
    public subscript(name: String) -> String? {
        fields.last { Self.same($0.name, name) }?.value
    }

    /// The values of all fields of this name, in the order they came.
    public func values(of name: String) -> [String] {
        fields.filter { Self.same($0.name, name) }.map(\.value)
    }

    public func makeIterator() -> IndexingIterator<[(name: String, value: String)]> {
        fields.makeIterator()
    }

    mutating func append(name: String, value: String) {
        fields.append((name, value))
    }

    private static func same(_ left: String, _ right: String) -> Bool {
        let (left, right) = (left.utf8, right.utf8)
        return left.count == right.count && zip(left, right).allSatisfy { lowercased($0) == lowercased($1) }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
