/// An endpoint as the cluster's configuration describes it.
public struct EndpointSettings: Sendable, Hashable, Codable {
    /// Empty for the default endpoint, `/account/path`; else the second segment, `/account/ID/path`.
    public var id: String
    /// Ids, in the order in which they are asked.
    public var storages: [String]
    /// How long a node that is cut off may go on answering: seconds. Nil: ten minutes, for a strict endpoint ten seconds.
    public var leaseSeconds: Int?
    /// The same for private files; never more than the lease.
    public var privateLeaseSeconds: Int
    /// Purges through this endpoint must complete soon even with a node cut off.
    public var strict: Bool
    public var signedOnly: Bool
    public var formatAuto: Bool
    public var avif: Bool
    /// 1 to 100, for a URL without `q`.
    public var quality: Int

    public init(
        id: String, storages: [String], leaseSeconds: Int? = nil, privateLeaseSeconds: Int = 10, strict: Bool = false,
        signedOnly: Bool = false, formatAuto: Bool = true, avif: Bool = false, quality: Int = 80
    ) {
        self.id = id
        self.storages = storages
        self.leaseSeconds = leaseSeconds
        self.privateLeaseSeconds = privateLeaseSeconds
        self.strict = strict
        self.signedOnly = signedOnly
        self.formatAuto = formatAuto
        self.avif = avif
        self.quality = quality
    }

    /// Every key but `id` and `storages` may be left out.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(id: try values.decode(String.self, forKey: .id), storages: try values.decode([String].self, forKey: .storages))
        leaseSeconds = try values.decodeIfPresent(Int.self, forKey: .leaseSeconds)
        privateLeaseSeconds = try values.decodeIfPresent(Int.self, forKey: .privateLeaseSeconds) ?? privateLeaseSeconds
        strict = try values.decodeIfPresent(Bool.self, forKey: .strict) ?? strict
        signedOnly = try values.decodeIfPresent(Bool.self, forKey: .signedOnly) ?? signedOnly
        formatAuto = try values.decodeIfPresent(Bool.self, forKey: .formatAuto) ?? formatAuto
        avif = try values.decodeIfPresent(Bool.self, forKey: .avif) ?? avif
        quality = try values.decodeIfPresent(Int.self, forKey: .quality) ?? quality
    }

    /// 2 seconds to a day.
    public static let leaseBounds = 2...86_400
    /// Seconds: the lease of a strict endpoint at the most.
    public static let strictLease = 10
    private static let usualLease = 600

    public var leaseMilliseconds: UInt64 {
        UInt64(clamping: leaseSeconds ?? (strict ? Self.strictLease : Self.usualLease)) * 1000
    }

    public var privateLeaseMilliseconds: UInt64 {
        min(leaseMilliseconds, UInt64(clamping: privateLeaseSeconds) * 1000)
    }
}
