public import Curl

/// Which addresses a storage may be read from: public ones, and what the operator has named. Anything else would let
/// whoever controls a storage's name or its redirects read this machine's own network through us.
public struct AddressGuard: Sendable {
    private let networks: [IPNetwork]
    private let named: Set<CurlAddress>

    /// - Parameters:
    ///   - networks: Blocks that are allowed although they are not public.
    ///   - baseURL: What the operator wrote as the storage's own place. If its host is an address or `localhost`, that
    ///     address at that port is allowed, and nothing beside it.
    public init(networks: [IPNetwork] = [], baseURL: HTTPBase? = nil) {
        self.networks = networks
        self.named = Set(baseURL?.literalAddresses ?? [])
    }

    public func allows(_ address: CurlAddress) -> Bool {
        Self.isPublic(address) || named.contains(address) || networks.contains { $0.contains(address) }
    }

    /// Whether an address belongs to the public internet, by the special-purpose registries (RFC 6890). Addresses that
    /// only carry another one (IPv4-mapped, NAT64, 6to4, Teredo) are not: what they reach is decided elsewhere.
    public static func isPublic(_ address: CurlAddress) -> Bool {
        if address.bytes.count == 16, !globalUnicast.contains(where: { $0.contains(address) }) {
            return false
        }
        return !special.contains { $0.contains(address) }
    }

    private static let globalUnicast = ["2000::/3"].compactMap(IPNetwork.init)

    private static let special = [
        "0.0.0.0/8",  // this network
        "10.0.0.0/8",  // private
        "100.64.0.0/10",  // shared behind a carrier's NAT
        "127.0.0.0/8",  // loopback
        "169.254.0.0/16",  // link-local, where clouds keep their metadata service
        "172.16.0.0/12",  // private
        "192.0.0.0/24",  // protocol assignments
        "192.0.2.0/24",  // documentation
        "192.88.99.0/24",  // 6to4 relays
        "192.168.0.0/16",  // private
        "198.18.0.0/15",  // benchmarks
        "198.51.100.0/24",  // documentation
        "203.0.113.0/24",  // documentation
        "224.0.0.0/4",  // multicast
        "240.0.0.0/4",  // reserved and broadcast
        "2001::/23",  // protocol assignments, Teredo and ORCHID among them
        "2001:db8::/32",  // documentation
        "2002::/16",  // 6to4
        "3fff::/20",  // documentation
    ].compactMap(IPNetwork.init)
}
