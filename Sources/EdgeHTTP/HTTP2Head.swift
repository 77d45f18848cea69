internal import CacheProtocol
internal import NIOCore
internal import NIOHPACK

/// What HTTP/2 says of an answer is what HTTP/1.1 says of it, in another form.
extension ResponseHead {
    /// - Parameters: as of `write`.
    func http2(_ plan: ResponsePlan, now: Int64, date: String) -> HPACKHeaders {
        if case .object(let object) = plan.content, plan.status == 200 {
            var text: [UInt8] = []
            let age = object.age(at: now)
            plan.cacheStatus.write(cache: cache, ttl: Int64(object.metadata.freshness.maxAge) - age, to: &text)
            return whole(object, age: age, status: String(decoding: text, as: UTF8.self), date: date)
        }
        var text: [UInt8] = []
        text.reserveCapacity(640)
        write(plan, now: now, date: date, to: &text)
        var headers = HPACKHeaders()
        headers.add(name: ":status", value: String(plan.status))
        // The status line stays behind.
        headers.add(fieldLines: text, from: text.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0)
        return headers
    }

    /// Of a plain hit.
    func http2Hit(_ object: Representation, now: Int64, date: String) -> HPACKHeaders {
        let age = object.age(at: now)
        let status = "\(cache); hit; ttl=\(Int64(object.metadata.freshness.maxAge) - age)"
        return whole(object, age: age, status: status, date: date)
    }

    private func whole(_ object: Representation, age: Int64, status: String, date: String) -> HPACKHeaders {
        var headers = object.http2Fields
        headers.add(name: "date", value: date, indexing: .nonIndexable)
        headers.add(name: "age", value: String(age), indexing: .nonIndexable)
        headers.add(name: "cache-status", value: status, indexing: .nonIndexable)
        return headers
    }
}

extension HPACKHeaders {
    /// Those that are the same for most answers are worth a place in the client's table (RFC 7541 §2.3.2).
    private static let commonFields: Set<String> = [
        "server", "content-type", "accept-ranges", "x-content-type-options", "cache-control", "vary",
        "access-control-allow-origin", "timing-allow-origin",
    ]

    /// - Parameter lines: To the empty line.
    mutating func add(fieldLines lines: [UInt8], from start: Int) {
        let span = lines.span
        var line = start
        while let field = HeaderField(span, at: line) {
            let name = span.text(field.name).lowercased()
            add(
                name: name, value: span.text(field.value),
                indexing: Self.commonFields.contains(name) ? .indexable : .nonIndexable)
            line = field.next
        }
    }
}

/// The fields of a whole answer that time does not change.
final class HTTP2Fields: Sendable {
    let headers: HPACKHeaders

    init(_ lines: [UInt8]) {
        var headers = HPACKHeaders()
        headers.reserveCapacity(20)
        headers.add(name: ":status", value: "200")
        headers.add(fieldLines: lines, from: 0)
        self.headers = headers
    }
}
