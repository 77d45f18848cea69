internal import CacheProtocol
internal import NIOCore

/// The body of a 206 with several parts (RFC 9110 §14.6).
struct MultipartRanges {
    let ranges: [Range<Int>]
    let contentType: String
    /// Of the whole representation.
    let length: Int
    let boundary: String

    /// Together at most so many bytes of the representation: parts are copied into one buffer.
    static let mostBytes = 1 << 20

    init(_ ranges: [Range<Int>], of metadata: ObjectMetadata, length: Int) {
        self.ranges = ranges
        self.length = length
        contentType = ResponsePlan.visible(metadata.contentType)
        // Random, so that nobody can have put it into an image.
        boundary = (0..<2).map { _ in
            let word = String(UInt64.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 16 - word.count) + word
        }.joined()
    }

    var contentLength: Int {
        ranges.reduce(end.utf8.count) { $0 + head(of: $1).utf8.count + $1.count }
    }

    /// - Parameter bytes: Gives a range of the representation.
    /// - Returns: Nil when it could not be read.
    func body(_ bytes: (Range<Int>) -> ByteBuffer?) -> ByteBuffer? {
        var body = ByteBuffer()
        body.reserveCapacity(contentLength)
        for range in ranges {
            guard var part = bytes(range), part.readableBytes == range.count else { return nil }
            body.append(head(of: range))
            body.writeBuffer(&part)
        }
        body.append(end)
        return body
    }

    private func head(of range: Range<Int>) -> String {
        "\r\n--\(boundary)\r\nContent-Type: \(contentType)\r\n"
            + "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)\r\n\r\n"
    }

    private var end: String { "\r\n--\(boundary)--\r\n" }
}
