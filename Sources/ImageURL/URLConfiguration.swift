/// The part of the cluster's configuration that reading URLs needs: what an edge is told. No place and no secret of a
/// storage is in it.
public struct URLConfiguration: Sendable, Equatable, Codable {
    /// The first segment of every URL.
    public var account: String
    public var endpoints: [EndpointSettings]
    public var storages: [StorageReference]
    /// Definitions by name.
    public var transformations: [String: String]
    /// What signatures may have been made with.
    public var signingKeys: [SigningKeyName]

    public init(
        account: String, endpoints: [EndpointSettings], storages: [StorageReference],
        transformations: [String: String] = [:], signingKeys: [SigningKeyName] = []
    ) {
        self.account = account
        self.endpoints = endpoints
        self.storages = storages
        self.transformations = transformations
        self.signingKeys = signingKeys
    }

    /// Ids that no storage has are left out.
    func endpoint(_ settings: EndpointSettings) -> Endpoint {
        Endpoint(
            account: account, id: settings.id,
            storages: settings.storages.compactMap { id in storages.first { $0.id == id } },
            defaultFormatAuto: settings.formatAuto, avifAuto: settings.avif, signedOnly: settings.signedOnly,
            defaultQuality: settings.quality, leaseMilliseconds: settings.leaseMilliseconds,
            privateLeaseMilliseconds: settings.privateLeaseMilliseconds)
    }
}

/// A secret by its name; another value is another version.
public struct SigningKeyName: Sendable, Hashable, Codable {
    public var id: String
    public var version: UInt64

    public init(id: String, version: UInt64) {
        self.id = id
        self.version = version
    }
}
