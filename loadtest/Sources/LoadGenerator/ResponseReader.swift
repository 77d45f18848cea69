/// A reader of HTTP/1.1 answers to GET, one at a time (RFC 9112): it counts body bytes and keeps none of them.
///
/// Written for this purpose because a general decoder builds a header dictionary per answer, which on a machine that
/// the generator shares with the servers would be load that no user causes.
struct ResponseReader {
    enum Progress: Equatable {
        case incomplete
        /// The answer ended. `excess` bytes came after its end, which no server may send unasked.
        case complete(excess: Int)
        case malformed
    }

    private enum State: Equatable {
        case statusLine, fields
        case body(left: Int)
        case chunkSize
        case chunk(left: Int)
        case chunkEnd, trailers
        /// Neither length nor chunks: the body ends where the connection does.
        case untilClose
        case finished
    }

    /// A head with its trailers, or one line between chunks, beyond this is malformed.
    static let maxHeadBytes = 65_536

    private(set) var head = ResponseHead()
    /// All that isn't body: status line, fields, and the lines between chunks.
    private(set) var headBytes = 0
    private(set) var bodyBytes = 0
    private var state = State.statusLine
    /// Of the status line, the fields and the trailers: what `maxHeadBytes` bounds as a whole.
    private var fieldBytes = 0
    /// The beginning of a line whose end has not come yet.
    private var pending: [UInt8] = []

    /// Whether any byte of the answer has come.
    var hasBegun: Bool { headBytes > 0 }

    /// Whether the connection's end would be the answer's end.
    var endsWithConnection: Bool { state == .untilClose }

    mutating func reset() {
        head = ResponseHead()
        headBytes = 0
        fieldBytes = 0
        bodyBytes = 0
        state = .statusLine
        pending.removeAll(keepingCapacity: true)
    }

    mutating func consume(_ bytes: Span<UInt8>) -> Progress {
        var position = 0
        while position < bytes.count || state == .finished {
            let available = bytes.count - position
            switch state {
            case .finished:
                return .complete(excess: available)
            case .untilClose:
                bodyBytes += available
                return .incomplete
            case .body(let left):
                let taken = min(left, available)
                bodyBytes += taken
                position += taken
                state = taken == left ? .finished : .body(left: left - taken)
            case .chunk(let left):
                let taken = min(left, available)
                bodyBytes += taken
                position += taken
                state = taken == left ? .chunkEnd : .chunk(left: left - taken)
            case .statusLine, .fields, .chunkSize, .chunkEnd, .trailers:
                guard readLine(bytes, &position) else { return .malformed }
            }
        }
        return .incomplete
    }

    /// False when the answer is malformed.
    private mutating func readLine(_ bytes: Span<UInt8>, _ position: inout Int) -> Bool {
        let end = bytes.firstIndex(of: UInt8(ascii: "\n"), in: position..<bytes.count)
        let next = end.map { $0 + 1 } ?? bytes.count
        headBytes += next - position
        defer { position = next }
        if state != .chunkSize, state != .chunkEnd {
            fieldBytes += next - position
            guard fieldBytes <= Self.maxHeadBytes else { return false }
        }
        guard end != nil, pending.isEmpty else {
            for index in position..<next { pending.append(bytes[index]) }
            guard pending.count <= Self.maxHeadBytes else { return false }
            guard end != nil else { return true }
            let line = pending
            pending.removeAll(keepingCapacity: true)
            return acceptLine(line.span, 0..<line.count)
        }
        return acceptLine(bytes, position..<next)
    }

    /// `range` is a line with its line feed.
    private mutating func acceptLine(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var end = range.upperBound - 1
        if end > range.lowerBound, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        let line = range.lowerBound..<end
        switch state {
        case .statusLine: return acceptStatusLine(bytes, line)
        case .fields: return line.isEmpty ? finishHead() : acceptField(bytes, line)
        case .chunkSize: return acceptChunkSize(bytes, line)
        case .chunkEnd:
            state = .chunkSize
            return line.isEmpty
        case .trailers:
            if line.isEmpty { state = .finished }
            return true
        case .body, .chunk, .untilClose, .finished: return false
        }
    }

    private mutating func acceptStatusLine(_ bytes: Span<UInt8>, _ line: Range<Int>) -> Bool {
        let start = line.lowerBound
        guard line.count >= 12, bytes.starts(line, with: "http/1."), bytes[start + 8] == UInt8(ascii: " "),
              let status = bytes.decimal(start + 9..<start + 12), (100...599).contains(status)
        else { return false }
        head.status = status
        head.keepsAlive = bytes[start + 7] != UInt8(ascii: "0")
        state = .fields
        return true
    }

    private mutating func acceptField(_ bytes: Span<UInt8>, _ line: Range<Int>) -> Bool {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":"), in: line), colon > line.lowerBound else { return false }
        let name = line.lowerBound..<colon
        let value = bytes.trimmed(colon + 1..<line.upperBound)
        switch name.count {
        case 14 where bytes.matches(name, "content-length"):
            guard let length = bytes.decimal(value), head.length == nil || head.length == length else { return false }
            head.length = length
        case 17 where bytes.matches(name, "transfer-encoding"):
            guard bytes.matches(value, "chunked") else { return false }
            head.isChunked = true
        case 10 where bytes.matches(name, "connection"):
            if bytes.matches(value, "close") { head.keepsAlive = false }
            if bytes.matches(value, "keep-alive") { head.keepsAlive = true }
        case 11 where bytes.matches(name, "retry-after"):
            head.hasRetryAfter = !value.isEmpty
        case 12 where bytes.matches(name, "content-type"):
            head.isImage = bytes.starts(value, with: "image/")
        case 12 where bytes.matches(name, "cache-status"):
            head.cache = CacheVerdict(bytes, value)
        default: break
        }
        return true
    }

    private mutating func finishHead() -> Bool {
        if head.status < 200 {
            // An interim answer (RFC 9110 §15.2): the real one follows. This client never asks to switch protocols.
            head = ResponseHead()
            state = .statusLine
        } else if head.status == 204 || head.status == 304 {
            state = .finished
        } else if head.isChunked {
            // Both framings at once is how requests are smuggled (RFC 9112 §6.1).
            guard head.length == nil else { return false }
            state = .chunkSize
        } else if let length = head.length {
            state = length == 0 ? .finished : .body(left: length)
        } else {
            head.keepsAlive = false
            state = .untilClose
        }
        return true
    }

    private mutating func acceptChunkSize(_ bytes: Span<UInt8>, _ line: Range<Int>) -> Bool {
        let end = bytes.firstIndex(of: UInt8(ascii: ";"), in: line) ?? line.upperBound
        let digits = bytes.trimmed(line.lowerBound..<end)
        guard (1...15).contains(digits.count) else { return false }
        var size = 0
        for index in digits {
            switch bytes[index] {
            case let digit where digit &- UInt8(ascii: "0") < 10: size = size * 16 + Int(digit - UInt8(ascii: "0"))
            case let digit where (digit | 0x20) &- UInt8(ascii: "a") < 6: size = size * 16 + Int((digit | 0x20) - UInt8(ascii: "a")) + 10
            default: return false
            }
        }
        state = size == 0 ? .trailers : .chunk(left: size)
        return true
    }
}
