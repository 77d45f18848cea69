internal import CacheProtocol

/// Writes status line and header fields of a plan.
struct ResponseHead {
    /// `Vignette-edge-1`
    let cache: String
    private let hitMiddle: [UInt8]

    init(nodeName: String) {
        cache = "Vignette-\(nodeName)"
        hitMiddle = Array("\r\nCache-Status: \(cache); hit; ttl=".utf8)
    }

    /// Bytes of ``writeHit(_:now:start:to:)`` at most, start and fixed fields left out.
    var hitBytes: Int { hitMiddle.count + 2 * 20 + 2 }

    /// What ``write(_:now:date:to:)`` writes of a plain hit whose connection goes on.
    ///
    /// - Parameter start: `HeadClock.hitStart` of that moment.
    func writeHit(_ object: Representation, now: Int64, start: [UInt8], to sink: inout some ByteSink) {
        let age = object.age(at: now)
        sink.append(start)
        sink.append(number: age)
        sink.append(hitMiddle)
        sink.append(number: Int64(object.metadata.freshness.maxAge) - age)
        sink.append("\r\n")
        sink.append(object.fixedFields)
    }

    /// What tells the time comes first, and then what is the same for all answers of the kind, to the empty line.
    ///
    /// - Parameters:
    ///   - now: The wall clock, milliseconds since 1970.
    ///   - date: The same as `HTTPDate` text.
    func write(_ plan: ResponsePlan, now: Int64, date: String, to sink: inout some ByteSink) {
        writeStatusLine(plan.status, to: &sink)
        sink.append("Date: ")
        sink.append(date)
        switch plan.content {
        case .object(let object):
            let age = object.age(at: now)
            sink.append("\r\nAge: ")
            sink.append(number: age)
            writeCacheStatus(plan, ttl: Int64(object.metadata.freshness.maxAge) - age, to: &sink)
        case .failure:
            writeCacheStatus(plan, ttl: nil, to: &sink)
        case .options:
            break
        }
        if !plan.connection.goesOn {
            sink.append("\r\nConnection: close")
        } else if plan.connection.saysKeepAlive {
            sink.append("\r\nConnection: keep-alive")
        }
        sink.append("\r\n")
        switch plan.content {
        case .object(let object) where plan.status == 200: return sink.append(object.fixedFields)
        case .object(let object): ObjectFields(object.metadata).write(plan, to: &sink)
        case .failure(let failure): write(failure, plan, to: &sink)
        case .options: sink.append("Server: Vignette\r\nAccess-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n")
        }
        if plan.allow { sink.append("Allow: GET, HEAD, OPTIONS\r\n") }
        sink.append(ObjectFields.end)
    }

    private func write(_ failure: EdgeFailure, _ plan: ResponsePlan, to sink: inout some ByteSink) {
        sink.append("Server: Vignette\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ")
        sink.append(number: Int64(plan.contentLength))
        sink.append("\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nik-error: ")
        sink.append(plan.text)
        sink.append("\r\n")
        if let length = plan.unsatisfiedLength {
            sink.append("Content-Range: bytes */")
            sink.append(number: Int64(length))
            sink.append("\r\n")
        }
        if let seconds = failure.retryAfter {
            sink.append("Retry-After: ")
            sink.append(number: Int64(seconds))
            sink.append("\r\n")
        }
        // RFC 9110 §15.5.2 demands a challenge; browsers ask nobody for a password of a scheme they don't know.
        if failure.status == 401 { sink.append("WWW-Authenticate: SignedURL\r\n") }
    }

    private func writeCacheStatus(_ plan: ResponsePlan, ttl: Int64?, to sink: inout some ByteSink) {
        sink.append("\r\nCache-Status: ")
        plan.cacheStatus.write(cache: cache, ttl: ttl, to: &sink)
    }

    private func writeStatusLine(_ status: UInt16, to sink: inout some ByteSink) {
        switch status {
        case 200: sink.append("HTTP/1.1 200 OK\r\n")
        case 204: sink.append("HTTP/1.1 204 No Content\r\n")
        case 206: sink.append("HTTP/1.1 206 Partial Content\r\n")
        case 304: sink.append("HTTP/1.1 304 Not Modified\r\n")
        case 400: sink.append("HTTP/1.1 400 Bad Request\r\n")
        case 401: sink.append("HTTP/1.1 401 Unauthorized\r\n")
        case 403: sink.append("HTTP/1.1 403 Forbidden\r\n")
        case 404: sink.append("HTTP/1.1 404 Not Found\r\n")
        case 405: sink.append("HTTP/1.1 405 Method Not Allowed\r\n")
        case 408: sink.append("HTTP/1.1 408 Request Timeout\r\n")
        case 410: sink.append("HTTP/1.1 410 Gone\r\n")
        case 413: sink.append("HTTP/1.1 413 Content Too Large\r\n")
        case 414: sink.append("HTTP/1.1 414 URI Too Long\r\n")
        case 415: sink.append("HTTP/1.1 415 Unsupported Media Type\r\n")
        case 416: sink.append("HTTP/1.1 416 Range Not Satisfiable\r\n")
        case 417: sink.append("HTTP/1.1 417 Expectation Failed\r\n")
        case 422: sink.append("HTTP/1.1 422 Unprocessable Content\r\n")
        case 429: sink.append("HTTP/1.1 429 Too Many Requests\r\n")
        case 431: sink.append("HTTP/1.1 431 Request Header Fields Too Large\r\n")
        case 500: sink.append("HTTP/1.1 500 Internal Server Error\r\n")
        case 501: sink.append("HTTP/1.1 501 Not Implemented\r\n")
        case 502: sink.append("HTTP/1.1 502 Bad Gateway\r\n")
        case 503: sink.append("HTTP/1.1 503 Service Unavailable\r\n")
        case 504: sink.append("HTTP/1.1 504 Gateway Timeout\r\n")
        case 505: sink.append("HTTP/1.1 505 HTTP Version Not Supported\r\n")
        default:
            sink.append("HTTP/1.1 ")
            sink.append(number: Int64(status))
            // RFC 9112 §4: the reason may be empty, its space may not.
            sink.append(" \r\n")
        }
    }
}
