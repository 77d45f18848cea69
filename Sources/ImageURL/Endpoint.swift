/// Where a URL begins (reference §1.1): `/<account>/[<id>/]`, and what holds for every image under it.
public struct Endpoint: Sendable, Equatable {
    /// First segment of the path; empty where the host alone names the account (custom domain).
    public var account: String
    /// Second segment of a named endpoint: letters, digits, hyphens; empty for the account's default endpoint. It is the
    /// site that commands know what came through this endpoint by.
    public var id: String
    /// In the order in which they are asked.
    public var storages: [StorageReference]
    /// A URL without `f` negotiates the format by `Accept`; off: it keeps the source's format.
    public var defaultFormatAuto: Bool
    /// Negotiation may answer AVIF too; off: WebP is the only modern format it answers.
    public var avifAuto: Bool
    /// Only signed URLs are answered.
    public var signedOnly: Bool
    /// 1 to 100, for a URL without `q`.
    public var defaultQuality: Int
    /// How long a node that is cut off may go on answering through this endpoint, and with private files: milliseconds.
    public var leaseMilliseconds: UInt64
    public var privateLeaseMilliseconds: UInt64

    public init(
        account: String, id: String = "", storages: [StorageReference] = [], defaultFormatAuto: Bool = true,
        avifAuto: Bool = false, signedOnly: Bool = false, defaultQuality: Int = 80, leaseMilliseconds: UInt64 = 600_000,
        privateLeaseMilliseconds: UInt64 = 10_000
    ) {
        self.account = account
        self.id = id
        self.storages = storages
        self.defaultFormatAuto = defaultFormatAuto
        self.avifAuto = avifAuto
        self.signedOnly = signedOnly
        self.defaultQuality = defaultQuality
        self.leaseMilliseconds = leaseMilliseconds
        self.privateLeaseMilliseconds = privateLeaseMilliseconds
    }
}

/// What a storage's kind and configuration add to an object key. No secrets, so edges may hold it.
public struct StorageReference: Sendable, Equatable, Codable {
    public var id: String
    /// Put before every key as it stands, with its own slash where one is wanted.
    public var keyPrefix: String
    /// The storage receives the query, so two queries are two objects (web folders).
    public var usesQuery: Bool
    /// Stands for the place that the id means: two places never share one. What was cached while the id meant another
    /// place is not looked up any more, wherever its bytes came from.
    public var meaning: String

    public init(id: String, keyPrefix: String = "", usesQuery: Bool = false, meaning: String = "") {
        self.id = id
        self.keyPrefix = keyPrefix
        self.usesQuery = usesQuery
        self.meaning = meaning
    }

    /// Every key but `id` may be left out.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            id: try values.decode(String.self, forKey: .id),
            keyPrefix: try values.decodeIfPresent(String.self, forKey: .keyPrefix) ?? "",
            usesQuery: try values.decodeIfPresent(Bool.self, forKey: .usesQuery) ?? false,
            meaning: try values.decodeIfPresent(String.self, forKey: .meaning) ?? ""
        )
    }
}
