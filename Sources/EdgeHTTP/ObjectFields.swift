internal import CacheProtocol

/// The header fields of an object's answers that stay the same as time goes by, from `Server` on.
struct ObjectFields {
    private let metadata: ObjectMetadata

    init(_ metadata: ObjectMetadata) {
        self.metadata = metadata
    }

    /// What stands at the end of every answer, with the empty line.
    static let end: StaticString = "Access-Control-Allow-Origin: *\r\nTiming-Allow-Origin: *\r\n\r\n"

    /// To the empty line.
    func whole(length: Int) -> [UInt8] {
        var sink: [UInt8] = []
        sink.reserveCapacity(512)
        sink.append("Server: Vignette\r\nContent-Type: ")
        sink.append(value: metadata.contentType)
        writeContent(length: length, to: &sink)
        writeValidators(to: &sink)
        sink.append(Self.end)
        return sink
    }

    /// Of a part or several, or of none (304).
    func write(_ plan: ResponsePlan, to sink: inout some ByteSink) {
        sink.append("Server: Vignette\r\n")
        switch plan.selection {
        case .whole: break
        case .part(let range, let length):
            sink.append("Content-Type: ")
            sink.append(value: metadata.contentType)
            writeContent(length: plan.contentLength, to: &sink)
            sink.append("Content-Range: bytes ")
            sink.append(number: Int64(range.lowerBound))
            sink.append("-")
            sink.append(number: Int64(range.upperBound - 1))
            sink.append("/")
            sink.append(number: Int64(length))
            sink.append("\r\n")
        case .parts(let parts):
            sink.append("Content-Type: multipart/byteranges; boundary=")
            sink.append(parts.boundary)
            writeContent(length: plan.contentLength, to: &sink)
        }
        writeValidators(to: &sink)
    }

    private func writeContent(length: Int, to sink: inout some ByteSink) {
        sink.append("\r\nContent-Length: ")
        sink.append(number: Int64(length))
        sink.append("\r\nAccept-Ranges: bytes\r\n")
        if let modified = metadata.lastModified {
            sink.append("Last-Modified: ")
            sink.append(HTTPDate.text(modified))
            sink.append("\r\n")
        }
        sink.append("X-Content-Type-Options: nosniff\r\n")
        if metadata.contentType.hasPrefix("image/svg") {
            // A script in a drawing must not run with the rights of the site that it lies on.
            sink.append("Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox\r\n")
        }
    }

    /// RFC 9110 §15.4.5: a 304 has them too.
    private func writeValidators(to sink: inout some ByteSink) {
        if !metadata.entityTag.isEmpty {
            sink.append("ETag: ")
            sink.append(value: metadata.entityTag)
            sink.append("\r\n")
        }
        sink.append(metadata.isPrivate ? "Cache-Control: private, max-age=" : "Cache-Control: public, max-age=")
        sink.append(number: Int64(metadata.freshness.maxAge))
        if metadata.freshness.staleWhileRevalidate > 0 {
            sink.append(", stale-while-revalidate=")
            sink.append(number: Int64(metadata.freshness.staleWhileRevalidate))
        }
        if metadata.freshness.staleIfError > 0 {
            sink.append(", stale-if-error=")
            sink.append(number: Int64(metadata.freshness.staleIfError))
        }
        sink.append(metadata.variesByAccept ? "\r\nVary: Accept\r\n" : "\r\n")
    }
}
