extension CurlRequest {
    /// Refuses what could not be sent as one well-formed request: above all line breaks, with which a caller's value
    /// would become a header or a request of its own.
    func check() throws(CurlError) {
        guard url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw invalid("the URL holds a space or a control character; percent-encode it.")
        }
        switch Self.scheme(of: url) {
        case "http", "https": break
        case let scheme: throw .schemeRefused(scheme, host: host)
        }
        guard !Self.host(of: url).isEmpty else { throw invalid("the URL names no host.") }
        guard !method.isEmpty, method.utf8.allSatisfy(Self.isToken) else {
            throw invalid("\"\(method)\" is not an HTTP method.")
        }
        for (name, value) in headers {
            guard !name.isEmpty, name.utf8.allSatisfy(Self.isToken) else {
                throw invalid("\"\(name)\" is not a header's name.")
            }
            guard value.utf8.allSatisfy({ ($0 >= 0x20 || $0 == 0x09) && $0 != 0x7F }) else {
                throw invalid("the value of the header \(name) holds a control character.")
            }
        }
    }

    /// The URL's host and port as written, without credentials.
    var host: String { Self.host(of: url) }

    static func host(of url: String) -> String {
        guard let start = url.firstRange(of: "://")?.upperBound else { return "" }
        let authority = url[start...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        return String(authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority)
    }

    static func scheme(of url: String) -> String {
        guard let end = url.firstRange(of: "://")?.lowerBound else { return "" }
        return url[..<end].lowercased()
    }

    private func invalid(_ what: String) -> CurlError {
        CurlError(code: .invalidRequest, host: host, message: "The request to \(host) cannot be sent: \(what)")
    }

    /// RFC 9110 §5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
