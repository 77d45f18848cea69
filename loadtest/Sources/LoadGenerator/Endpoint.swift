internal import Foundation
internal import Glibc

/// One HTTP server under load: always on a loopback address.
///
/// A load generator aimed at somebody else's machine is a weapon, so only literal loopback addresses and the name
/// `localhost` (which RFC 6761 §6.3 reserves for them) are taken; no name is ever resolved.
public struct Endpoint: Sendable, Equatable {
    /// "http://127.0.0.1:8001", without a path.
    public let url: String
    /// The value of the Host field.
    let authority: String
    /// A literal address.
    let address: String
    let port: Int
    /// The path the URL was given with, without slashes at its ends: the account path; "" when there was none.
    public let path: String

    public init(_ text: String) throws {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(), let host = parts.host else {
            throw LoadTestError(.target, "\"\(text)\" is not a URL; write http://127.0.0.1:PORT")
        }
        guard scheme == "http" else {
            throw LoadTestError(.target, "\"\(text)\": only plain http is spoken here, not \(scheme)")
        }
        guard parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil else {
            throw LoadTestError(.target, "\"\(text)\": a target is scheme, address, port and at most the account's path")
        }
        guard let address = Self.loopbackAddress(host) else {
            throw LoadTestError(.target, """
                "\(text)": \(host) is not a loopback address. This generator only loads servers on its own machine: \
                127.0.0.0/8, [::1] or localhost.
                """)
        }
        let port = parts.port ?? 80
        guard (1...65_535).contains(port) else {
            throw LoadTestError(.target, "\"\(text)\": there is no port \(port)")
        }
        self.address = address
        self.port = port
        authority = "\(host):\(port)"
        url = "http://\(authority)"
        path = parts.percentEncodedPath.split(separator: "/").joined(separator: "/")
    }

    /// The literal address behind `host` if it is a loopback one. `inet_pton` takes no abbreviations ("127.1", "0x7f.1"),
    /// so what it accepts is what will be connected to.
    private static func loopbackAddress(_ host: String) -> String? {
        if host.lowercased() == "localhost" { return "127.0.0.1" }
        let literal = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        var four = in_addr()
        if inet_pton(AF_INET, literal, &four) == 1 {
            return UInt32(bigEndian: four.s_addr) >> 24 == 127 ? literal : nil
        }
        var six = in6_addr()
        if inet_pton(AF_INET6, literal, &six) == 1 {
            let bytes = six.__in6_u.__u6_addr8
            let words = six.__in6_u.__u6_addr32
            let isLoopback = words.0 == 0 && words.1 == 0 && words.2 == 0 && words.3.bigEndian == 1
            let isMapped = words.0 == 0 && words.1 == 0 && words.2.bigEndian == 0xFFFF && bytes.12 == 127
            return isLoopback || isMapped ? literal : nil
        }
        return nil
    }
}
