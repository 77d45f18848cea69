/// What an edge is told of the endpoint it serves: how to read its URLs and to verify their signatures. Secrets of
/// storages stay with the origins.
public struct EdgeConfigurationAnswer: Hashable, Sendable {
    /// The endpoint as JSON: the URL module's business, not the protocol's.
    public var endpoint: String
    public var signingKeys: [String]

    public init(endpoint: String, signingKeys: [String]) {
        self.endpoint = endpoint
        self.signingKeys = signingKeys
    }

    /// Tells one configuration from another; says nothing of what is in it.
    public var digest: Digest128 {
        Digest128(hashing: ["configuration", endpoint] + signingKeys)
    }
}

extension EdgeConfigurationAnswer: WireCodable {
    public func encode(into writer: inout WireWriter) {
        writer.write(endpoint)
        writer.write(signingKeys) { $0.write($1) }
    }

    public init(from reader: inout WireReader) throws(WireError) {
        self.init(
            endpoint: try reader.string(),
            signingKeys: try reader.list { (reader) throws(WireError) in try reader.string() })
    }
}
