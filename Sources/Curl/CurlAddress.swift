internal import Glibc

/// An IPv4 or IPv6 address with its port, as connected to.
public struct CurlAddress: Sendable, Hashable, CustomStringConvertible {
    /// 4 or 16 bytes in network order.
    public let bytes: [UInt8]
    public let port: UInt16

    public init?(bytes: [UInt8], port: UInt16) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
        self.port = port
    }

    /// - Parameter text: `192.0.2.1` or `2001:db8::1`, without brackets; a zone (`%eth0`) is left out.
    public init?(text: some StringProtocol, port: UInt16) {
        let text = String(text.prefix { $0 != "%" })
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            self.init(bytes: withUnsafeBytes(of: &four) { Array($0) }, port: port)
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            self.init(bytes: withUnsafeBytes(of: &six) { Array($0) }, port: port)
        } else {
            return nil
        }
    }

    /// `nil` for any family but the two of IP.
    init?(_ address: UnsafePointer<sockaddr>, length: Int) {
        let raw = UnsafeRawPointer(address)
        switch Int32(address.pointee.sa_family) {
        case AF_INET where length >= MemoryLayout<sockaddr_in>.size:
            var found = raw.loadUnaligned(as: sockaddr_in.self)
            let port = UInt16(bigEndian: found.sin_port)
            self.init(bytes: withUnsafeBytes(of: &found.sin_addr) { Array($0) }, port: port)
        case AF_INET6 where length >= MemoryLayout<sockaddr_in6>.size:
            var found = raw.loadUnaligned(as: sockaddr_in6.self)
            let port = UInt16(bigEndian: found.sin6_port)
            self.init(bytes: withUnsafeBytes(of: &found.sin6_addr) { Array($0) }, port: port)
        default:
            return nil
        }
    }

    /// `192.0.2.1:80`, `[2001:db8::1]:80`.
    public var description: String {
        bytes.count == 4 ? "\(host):\(port)" : "[\(host)]:\(port)"
    }

    /// The address alone, without port and brackets.
    public var host: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "?" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
