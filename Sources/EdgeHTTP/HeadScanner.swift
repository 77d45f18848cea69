/// Finds where a request's head ends, and refuses what only a broken or a hostile client sends, before anything looks
/// for meaning in it: line ends other than CRLF, control characters, folded lines, a request line that is not three words
/// with one space between them, heads over the limits. What it lets through is one to every parser.
///
/// It goes on where it stopped: a head that comes byte by byte is looked at once.
struct HeadScanner {
    let limits: HeadLimits
    private var position = 0
    private var lineStart = 0
    /// Lines seen, empty ones before the request line not counted.
    private var lines = 0
    private var leadingLines = 0
    /// In the request line.
    private var spaces = 0
    private var targetStart = 0
    private var versionStart = 0

    init(limits: HeadLimits) {
        self.limits = limits
    }

    /// - Parameter bytes: Everything since the end of the message before, with what was given already.
    mutating func scan(_ bytes: Span<UInt8>) -> HeadScan {
        while position < bytes.count {
            let byte = bytes[position]
            if byte > 0x20, byte != 0x7F {
                position += 1
            } else if byte == UInt8(ascii: " ") {
                if let result = space() { return result }
            } else if byte == UInt8(ascii: "\r") {
                guard position + 1 < bytes.count else { break }
                guard bytes[position + 1] == UInt8(ascii: "\n") else { return .refused(.lineEnd) }
                if let result = endLine(bytes) { return result }
            } else if byte == UInt8(ascii: "\t"), lines > 0 {
                if position == lineStart { return .refused(.foldedLine) }
                position += 1
            } else {
                return .refused(byte == UInt8(ascii: "\n") ? .lineEnd : .controlCharacter)
            }
        }
        return overLimit ?? .incomplete
    }

    /// To be called when a head was taken.
    mutating func reset() {
        self = HeadScanner(limits: limits)
    }

    private mutating func space() -> HeadScan? {
        if position == lineStart { return .refused(.foldedLine) }
        if lines == 0 {
            if let overLimit { return overLimit }
            spaces += 1
            if spaces == 1 { targetStart = position + 1 }
            versionStart = position + 1
        }
        position += 1
        return nil
    }

    private mutating func endLine(_ bytes: Span<UInt8>) -> HeadScan? {
        let isEmpty = position == lineStart
        if !isEmpty {
            if let overLimit { return overLimit }
            if lines == 0, let fault = requestLineFault(bytes) { return .refused(fault) }
            lines += 1
        }
        position += 2
        lineStart = position
        guard isEmpty else { return nil }
        if lines > 0 { return overLimit ?? .complete(length: position) }
        // RFC 9112 §2.2: old clients end a body with a CRLF too many.
        leadingLines += 1
        return leadingLines > 2 ? .refused(.lineEnd) : nil
    }

    private func requestLineFault(_ bytes: Span<UInt8>) -> HeadFault? {
        guard spaces == 2, versionStart - targetStart > 1 else { return .requestLine }
        let isSpoken = position - versionStart == 8
            && (bytes.has("HTTP/1.1", at: versionStart) || bytes.has("HTTP/1.0", at: versionStart))
        if isSpoken { return nil }
        return bytes.has("HTTP/", at: versionStart) ? .version : .requestLine
    }

    private var overLimit: HeadScan? {
        if lines == 0, spaces == 0, position - lineStart > HeadLimits.methodBytes { return .refused(.requestLine) }
        if lines == 0, spaces == 1, position - targetStart > limits.targetBytes { return .refused(.targetTooLong) }
        if position > limits.headBytes || lines > limits.fields + 1 { return .refused(.headTooLarge) }
        return nil
    }
}

struct HeadLimits: Sendable {
    var targetBytes: Int
    var headBytes: Int
    var fields: Int

    /// Longer than any registered method.
    static let methodBytes = 32

    init(_ configuration: EdgeHTTPConfiguration) {
        targetBytes = configuration.maximumTargetBytes
        headBytes = configuration.maximumHeadBytes
        fields = configuration.maximumHeaderFields
    }
}

enum HeadScan: Equatable {
    case incomplete
    /// - length: With the empty line that ends the head, and with empty lines before it.
    case complete(length: Int)
    case refused(HeadFault)
}

/// Why a head is refused. The connection ends with the answer, because where the next message begins is unknown.
enum HeadFault: Equatable {
    case lineEnd
    case controlCharacter
    case foldedLine
    case requestLine
    case targetTooLong
    case headTooLarge
    /// The standard decoder's verdict.
    case malformed
    case host
    case target
    case beyondASCII
    case method
    case version
    case expectation
    /// The head did not come in time.
    case slow

    var failure: EdgeFailure {
        switch self {
        case .lineEnd: bad("every line of a request head ends with CR LF, and neither stands alone")
        case .controlCharacter: bad("the request head has a control character in it")
        case .foldedLine: bad("a line of the request head begins with white space")
        case .requestLine: bad("a request line is a method, a target and a version, with one space between them")
        case .malformed: bad("this is not an HTTP/1.1 request")
        case .host: bad("a request names exactly one host, in its Host field")
        case .target: bad("the request target is neither a path nor an http URL with a host")
        case .beyondASCII:
            bad("the URL has bytes beyond ASCII in it, which must be percent-encoded, as %C3%BC for a u with two dots")
        case .targetTooLong:
            EdgeFailure(status: 414, code: "EBADREQUEST", message: "the URL is longer than this server reads")
        case .headTooLarge:
            EdgeFailure(status: 431, code: "EBADREQUEST", message: "the request's header fields are more than this server reads")
        case .method:
            EdgeFailure(status: 501, code: "EBADREQUEST", message: "the request's method is unknown; GET and HEAD are answered")
        case .version:
            EdgeFailure(status: 505, code: "EBADREQUEST", message: "HTTP/1.1 and HTTP/1.0 are spoken here")
        case .expectation:
            EdgeFailure(status: 417, code: "EBADREQUEST", message: "the request expects what this server does not do")
        case .slow:
            EdgeFailure(status: 408, code: "EBADREQUEST", message: "the request's head did not come in time")
        }
    }

    private func bad(_ message: String) -> EdgeFailure {
        EdgeFailure(status: 400, code: "EBADREQUEST", message: message)
    }
}
