/// What is known of a cached object besides its bytes. The head of a cache record and of a fetch answer.
public struct ObjectMetadata: Hashable, Sendable {
    /// 200, or the status of a negative entry (404, 400, …).
    public var status: UInt16
    public var contentType: String
    /// A strong validator with its quotes (RFC 9110 §8.8.3); empty for a negative entry.
    public var entityTag: String
    /// The source's `Last-Modified`, seconds since 1970.
    public var lastModified: Int64?
    /// When the bytes were made, by the clock of the node that keeps this record: milliseconds since 1970. `Age` counts
    /// from here; a record that travels is rebased by the age that the sender states.
    public var bornAt: Int64
    public var freshness: Freshness
    /// The revision that the origin had applied before anything was read for it (DESIGN §4, rule 6; `RuleTable.Standing`).
    public var fillRevision: Revision
    public var scope: ObjectScope
    /// Whether the format was negotiated by `Accept`.
    public var variesByAccept: Bool
    /// Readable with a signature only.
    public var isPrivate: Bool
    /// `CODE - what is wrong and where` for a negative entry, else empty.
    public var errorText: String

    public init(
        status: UInt16 = 200, contentType: String, entityTag: String, lastModified: Int64? = nil, bornAt: Int64,
        freshness: Freshness, fillRevision: Revision, scope: ObjectScope, variesByAccept: Bool = false,
        isPrivate: Bool = false, errorText: String = ""
    ) {
        self.status = status
        self.contentType = contentType
        self.entityTag = entityTag
        self.lastModified = lastModified
        self.bornAt = bornAt
        self.freshness = freshness
        self.fillRevision = fillRevision
        self.scope = scope
        self.variesByAccept = variesByAccept
        self.isPrivate = isPrivate
        self.errorText = errorText
    }
}

/// Seconds, as in RFC 9111 and RFC 5861.
public struct Freshness: Hashable, Sendable {
    public var maxAge: UInt32
    public var staleWhileRevalidate: UInt32
    public var staleIfError: UInt32

    public init(maxAge: UInt32, staleWhileRevalidate: UInt32 = 0, staleIfError: UInt32 = 0) {
        self.maxAge = maxAge
        self.staleWhileRevalidate = staleWhileRevalidate
        self.staleIfError = staleIfError
    }
}
