internal import Curl

/// The part of a storage's URLs that the operator wrote: scheme, host, port, a path and perhaps a query.
public struct HTTPBase: Sendable, Equatable, CustomStringConvertible {
    let scheme: String
    /// With port, as written; without credentials.
    let authority: String
    private let credentials: String
    /// Without a trailing slash.
    let path: String
    let query: String

    /// `nil`: not an absolute http or https URL, or one with spaces, control characters or a fragment.
    public init?(_ text: String) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }),
            let separator = text.firstRange(of: "://")
        else { return nil }
        scheme = text[..<separator.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }

        let rest = text[separator.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        if let at = authority.lastIndex(of: "@") {
            credentials = String(authority[...at])
            self.authority = authority[authority.index(after: at)...].lowercased()
        } else {
            credentials = ""
            self.authority = authority.lowercased()
        }
        guard let place = Self.place(of: self.authority, scheme: scheme) else { return nil }
        (host, port) = place

        let tail = rest[authority.endIndex...]
        let path = tail.prefix { $0 != "?" }
        self.path = String(path.reversed().drop { $0 == "/" }.reversed())
        query = String(tail[path.endIndex...].dropFirst())
    }

    /// Without port and brackets.
    let host: String
    let port: UInt16

    /// The URL of `suffix`, which begins with a slash and is encoded, under this base.
    func url(_ suffix: String, query: String = "") -> String {
        let queries = [self.query, query].filter { !$0.isEmpty }.joined(separator: "&")
        return "\(scheme)://\(credentials)\(authority)\(path)\(suffix)\(queries.isEmpty ? "" : "?\(queries)")"
    }

    /// This base with `label.` before its host.
    func subdomain(_ label: String) -> HTTPBase? {
        HTTPBase("\(scheme)://\(credentials)\(label).\(authority)\(path)\(query.isEmpty ? "" : "?\(query)")")
    }

    /// This base with `segment` at the end of its path.
    func child(_ segment: String) -> HTTPBase? {
        HTTPBase(
            "\(scheme)://\(credentials)\(authority)\(path)/\(ObjectKey.encoded(segment))\(query.isEmpty ? "" : "?\(query)")"
        )
    }

    /// The authority as a client sends it in `Host`: the port only where it is not the scheme's own.
    var hostHeader: String {
        let isUsual = port == (scheme == "https" ? 443 : 80)
        let name = host.contains(":") ? "[\(host)]" : host
        return isUsual ? name : "\(name):\(port)"
    }

    /// Whether the host is an address and not a name.
    var isAddress: Bool { CurlAddress(text: host, port: port) != nil }

    /// The addresses that the host spells out; none for a name that has to be looked up.
    var literalAddresses: [CurlAddress] {
        // RFC 6761 §6.3: localhost and the names under it are loopback, and libcurl resolves them so by itself.
        if host == "localhost" || host.hasSuffix(".localhost") {
            return ["127.0.0.1", "::1"].compactMap { CurlAddress(text: $0, port: port) }
        }
        return [CurlAddress(text: host, port: port)].compactMap(\.self)
    }

    /// Without credentials and query.
    public var description: String { "\(scheme)://\(authority)\(path)" }

    private static func place(of authority: String, scheme: String) -> (host: String, port: UInt16)? {
        var host = authority[...]
        var port: UInt16 = scheme == "https" ? 443 : 80
        let end = authority.lastIndex(of: "]") ?? authority.startIndex
        if let colon = authority[end...].lastIndex(of: ":") {
            guard let written = UInt16(authority[authority.index(after: colon)...]), written > 0 else { return nil }
            port = written
            host = authority[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { return nil }
        } else if host.contains(":") {
            return nil
        }
        return host.isEmpty ? nil : (String(host), port)
    }
}
