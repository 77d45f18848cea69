public import Curl

/// A block of addresses, as `10.0.0.0/8` or `fd00::/8`; one without a length is that address alone.
public struct IPNetwork: Sendable, Hashable, CustomStringConvertible {
    private let bytes: [UInt8]
    private let length: Int

    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = CurlAddress(text: parts[0], port: 0), !parts[0].contains("%") else { return nil }
        bytes = address.bytes
        guard parts.count == 2 else {
            length = bytes.count * 8
            return
        }
        guard let length = Int(parts[1]), (0...bytes.count * 8).contains(length) else { return nil }
        self.length = length
    }

    public func contains(_ address: CurlAddress) -> Bool {
        guard address.bytes.count == bytes.count else { return false }
        let (whole, rest) = (length / 8, length % 8)
        guard address.bytes.prefix(whole).elementsEqual(bytes.prefix(whole)) else { return false }
        guard rest > 0 else { return true }
        return (address.bytes[whole] ^ bytes[whole]) >> (8 - rest) == 0
    }

    public var description: String {
        let address = CurlAddress(bytes: bytes, port: 0)
        return "\(address?.host ?? "?")/\(length)"
    }
}
