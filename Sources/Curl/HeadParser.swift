/// Gathers the header lines that libcurl hands out one by one, over redirects and 1xx answers, into the final head.
struct HeadParser {
    enum Event: Equatable {
        case incomplete
        /// A head is complete; libcurl goes on to another one by itself.
        case skipped
        /// The final head is complete.
        case complete
        case overLimit
    }

    private(set) var status = 0
    private(set) var headers = CurlHeaders()

    private let limit: Int
    private let followsRedirects: Bool
    private var bytes = 0
    private var isFinal = false

    init(limit: Int, followsRedirects: Bool) {
        self.limit = limit
        self.followsRedirects = followsRedirects
    }

    var isComplete: Bool { isFinal }

    mutating func feed(_ line: UnsafeRawBufferPointer) -> Event {
        bytes += line.count
        guard bytes <= limit else { return .overLimit }
        // What comes after the final head are the trailers of a chunked body.
        guard !isFinal else { return .incomplete }

        var line = line[...]
        while let last = line.last, Self.isSpace(last) {
            line.removeLast()
        }
        if line.isEmpty {
            isFinal = !isInterim && !isFollowed
            return isFinal ? .complete : .skipped
        }
        if line.starts(with: "HTTP/".utf8) {
            status = Self.status(of: line)
            headers = CurlHeaders()
        } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
            let value = line[line.index(after: colon)...].drop(while: Self.isSpace)
            headers.append(
                name: String(decoding: line[..<colon], as: UTF8.self), value: String(decoding: value, as: UTF8.self))
        }
        return .incomplete
    }

    /// The last `Content-Length`, if it is a number. It is what the server says, not what it sends.
    var declaredLength: Int? { headers["content-length"].flatMap { Int($0) } }

    private var isInterim: Bool { (100..<200).contains(status) }

    private var isFollowed: Bool {
        followsRedirects && (300..<400).contains(status) && !(headers["location"] ?? "").isEmpty
    }

    private static func status(of line: Slice<UnsafeRawBufferPointer>) -> Int {
        let digits = line.drop { $0 != UInt8(ascii: " ") }.drop(while: isSpace).prefix(3)
        return Int(String(decoding: digits, as: UTF8.self)) ?? 0
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
            || byte == UInt8(ascii: "\n")
    }
}
