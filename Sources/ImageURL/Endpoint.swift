/// Where a URL begins (reference §1.1): `/<account>/[<prefix>/]`, and what holds for every image under it.
public struct Endpoint: Sendable, Equatable, Codable {
    /// First segment of the path; empty where the host alone names the account (custom domain).
    public var account: String
    /// Second segment of a named endpoint: letters, digits, hyphens; empty for the default endpoint.
    public var prefix: String
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

    public init(
        account: String, prefix: String = "", storages: [StorageReference] = [], defaultFormatAuto: Bool = true,
        avifAuto: Bool = false, signedOnly: Bool = false, defaultQuality: Int = 80
    ) {
        self.account = account
        self.prefix = prefix
        self.storages = storages
        self.defaultFormatAuto = defaultFormatAuto
        self.avifAuto = avifAuto
        self.signedOnly = signedOnly
        self.defaultQuality = defaultQuality
    }

    /// Every key but `account` may be left out.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            account: try values.decode(String.self, forKey: .account),
            prefix: try values.decodeIfPresent(String.self, forKey: .prefix) ?? "",
            storages: try values.decodeIfPresent([StorageReference].self, forKey: .storages) ?? [],
            defaultFormatAuto: try values.decodeIfPresent(Bool.self, forKey: .defaultFormatAuto) ?? true,
            avifAuto: try values.decodeIfPresent(Bool.self, forKey: .avifAuto) ?? false,
            signedOnly: try values.decodeIfPresent(Bool.self, forKey: .signedOnly) ?? false,
            defaultQuality: try values.decodeIfPresent(Int.self, forKey: .defaultQuality) ?? 80
        )
    }
}

/// What a storage's kind and configuration add to an object key. No secrets, so edges may hold it.
public struct StorageReference: Sendable, Equatable, Codable {
    public var id: String
    /// Put before every key as it stands, with its own slash where one is wanted.
    public var keyPrefix: String
    /// The storage receives the query, so two queries are two objects (web folders).
    public var usesQuery: Bool

    public init(id: String, keyPrefix: String = "", usesQuery: Bool = false) {
        self.id = id
        self.keyPrefix = keyPrefix
        self.usesQuery = usesQuery
    }

    /// Every key but `id` may be left out.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            id: try values.decode(String.self, forKey: .id),
            keyPrefix: try values.decodeIfPresent(String.self, forKey: .keyPrefix) ?? "",
            usesQuery: try values.decodeIfPresent(Bool.self, forKey: .usesQuery) ?? false
        )
    }
}
