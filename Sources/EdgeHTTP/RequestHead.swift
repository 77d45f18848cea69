/// Where the parts of a plain request's head lie: GET or HEAD by HTTP/1.1 for a path, with one host, no body, and
/// nothing that changes how the connection is used beyond `Connection: close` and `keep-alive`.
///
/// Whatever is not plain is left to the standard decoder (``StandardRequest``), which refuses it or writes it as a plain
/// one. Both ways lead here, so a request has one meaning.
struct RequestHead: Sendable, Equatable {
    enum Method: Sendable, Equatable {
        case get, head
    }

    var method: Method
    var target: Range<Int>
    var fieldsStart: Int
    var closes = false
    var host = 0..<0
    var accept: Range<Int>?
    var ifNoneMatch: Range<Int>?
    var ifModifiedSince: Range<Int>?
    var hasAuthorization = false
    /// Empty where there were several, which is none that could be followed.
    var range: Range<Int>?
    var ifRange: Range<Int>?

    /// - Parameter bytes: A head as ``HeadScanner`` lets it through.
    /// - Returns: Nil when it is not plain.
    init?(plain bytes: Span<UInt8>) {
        var start = 0
        while start < bytes.count, bytes[start] == UInt8(ascii: "\r") || bytes[start] == UInt8(ascii: "\n") { start += 1 }
        if bytes.has("GET ", at: start) {
            method = .get
            start += 4
        } else if bytes.has("HEAD ", at: start) {
            method = .head
            start += 5
        } else {
            return nil
        }
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: " ") {
            guard bytes[end] != UInt8(ascii: "#"), bytes[end] < 0x80 else { return nil }
            end += 1
        }
        guard start < end, bytes[start] == UInt8(ascii: "/"), bytes.has(" HTTP/1.1\r\n", at: end) else { return nil }
        target = start..<end
        fieldsStart = end + 11
        var hosts = 0
        var line = fieldsStart
        while let field = HeaderField(bytes, at: line) {
            guard take(field, bytes, hosts: &hosts) else { return nil }
            line = field.next
        }
        guard line + 2 == bytes.count, bytes.has("\r\n", at: line), hosts == 1 else { return nil }
    }

    private mutating func take(_ field: HeaderField, _ bytes: Span<UInt8>, hosts: inout Int) -> Bool {
        let name = field.name
        // The length first: most fields of most requests are none of ours.
        switch name.count {
        case 4 where bytes.isName("host", name):
            hosts += 1
            host = field.value
            return Self.isHost(bytes, host)
        case 5 where bytes.isName("range", name):
            range = range == nil ? field.value : field.value.lowerBound..<field.value.lowerBound
        case 6 where bytes.isName("accept", name):
            guard accept == nil else { return false }
            accept = field.value
        case 6 where bytes.isName("expect", name), 7 where bytes.isName("upgrade", name):
            return false
        case 8 where bytes.isName("if-range", name):
            ifRange = ifRange == nil ? field.value : field.value.lowerBound..<field.value.lowerBound
        case 10 where bytes.isName("connection", name):
            if bytes.isName("close", field.value) {
                closes = true
            } else if !bytes.isName("keep-alive", field.value) {
                return false
            }
        case 13 where bytes.isName("authorization", name):
            hasAuthorization = true
        case 13 where bytes.isName("if-none-match", name):
            guard ifNoneMatch == nil else { return false }
            ifNoneMatch = field.value
        case 14 where bytes.isName("content-length", name):
            return false
        case 17 where bytes.isName("if-modified-since", name):
            guard ifModifiedSince == nil else { return false }
            ifModifiedSince = field.value
        case 17 where bytes.isName("transfer-encoding", name):
            return false
        default:
            break
        }
        return true
    }

    /// RFC 3986 §3.2.2 and §3.2.3, without userinfo. What it names is the responder's to judge.
    static func isHost(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        for index in range {
            switch bytes[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "%"),
                UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("),
                UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"),
                UInt8(ascii: "="):
                continue
            default:
                return false
            }
        }
        return true
    }
}

/// One field line: its name, its value without white space around it, and where the next line begins.
struct HeaderField {
    let name: Range<Int>
    let value: Range<Int>
    let next: Int

    /// - Returns: Nil at the empty line, and where no token with a colon right behind it stands.
    init?(_ bytes: Span<UInt8>, at start: Int) {
        var index = start
        while index < bytes.count, Self.isTokenByte(bytes[index]) { index += 1 }
        guard index > start, index < bytes.count, bytes[index] == UInt8(ascii: ":") else { return nil }
        name = start..<index
        var first = index + 1
        var end = first
        while end < bytes.count, bytes[end] != UInt8(ascii: "\r") { end += 1 }
        guard end + 1 < bytes.count else { return nil }
        next = end + 2
        while first < end, Self.isBlank(bytes[first]) { first += 1 }
        while end > first, Self.isBlank(bytes[end - 1]) { end -= 1 }
        value = first..<end
    }

    static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }

    /// RFC 9110 §5.6.2.
    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"),
            UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"),
            UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}

extension Span<UInt8> {
    func has(_ text: StaticString, at start: Int) -> Bool {
        guard start + text.utf8CodeUnitCount <= count else { return false }
        return text.withUTF8Buffer { wanted in
            for (index, byte) in wanted.enumerated() where self[start + index] != byte { return false }
            return true
        }
    }

    /// Compares without regard to case.
    ///
    /// - Parameter name: In lower case.
    func isName(_ name: StaticString, _ range: Range<Int>) -> Bool {
        guard range.count == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { isName($0, range) }
    }

    func isName(_ name: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
        guard range.count == name.count else { return false }
        for (index, wanted) in name.enumerated() where self[range.lowerBound + index].lowercased != wanted { return false }
        return true
    }

    func text(_ range: Range<Int>) -> String {
        extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}

extension UInt8 {
    var lowercased: UInt8 {
        self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self | 0x20 : self
    }
}
