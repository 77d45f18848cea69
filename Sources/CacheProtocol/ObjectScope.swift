/// One source image as its storage knows it. All variants of a source share it, whatever their recipe or query.
public struct SourceIdentity: Hashable, Sendable, CustomStringConvertible {
    /// The storage's id in the configuration.
    public var storage: String
    /// The object key as the storage receives it, percent-decoded, without query.
    public var key: String

    public init(storage: String, key: String) {
        self.storage = storage
        self.key = key
    }

    public var digest: Digest128 {
        Digest128(hashing: "source", storage, key)
    }

    /// By bytes, as rules and storages compare: Swift takes `é` and `e` with an accent for equal, which name two objects.
    public static func == (left: SourceIdentity, right: SourceIdentity) -> Bool {
        left.key.utf8.elementsEqual(right.key.utf8) && left.storage.utf8.elementsEqual(right.storage.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        for byte in storage.utf8 { hasher.combine(byte) }
        hasher.combine(UInt8(0))
        for byte in key.utf8 { hasher.combine(byte) }
    }

    /// What prefixes are compared with: no storage's id holds a zero byte, so no prefix reaches into another storage.
    var matchBytes: [UInt8] {
        Array(storage.utf8) + [0] + Array(key.utf8)
    }

    public var description: String {
        "\(storage):\(key)"
    }
}

/// Everything that a command can match an object by (DESIGN §4, rules 6 and 9).
public struct ObjectScope: Hashable, Sendable {
    /// What the object was made from, the primary source first. Never empty for an object that is stored.
    public var sources: [SourceIdentity]
    /// Source and recipe without format: a purge of a URL reaches all formats of it.
    public var url: Digest128
    /// `Surrogate-Key` and `Cache-Tag` values of the storage's answer.
    public var tags: [String]
    /// The account whose endpoint the object was asked through.
    public var site: String

    public init(sources: [SourceIdentity], url: Digest128, tags: [String] = [], site: String = "") {
        self.sources = sources
        self.url = url
        self.tags = tags
        self.site = site
    }

    /// The digest that stands for "this recipe of this source" in every format.
    public static func urlDigest(source: SourceIdentity, query: String, recipe: String) -> Digest128 {
        Digest128(hashing: "url", source.storage, source.key, query, recipe)
    }
}
