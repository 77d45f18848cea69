import CacheProtocol

/// What a cache keeps and an answer carries: what the product knows of it, and what only the checker knows.
final class CachedImage {
    /// 200, or 404.
    let status: Int
    let fill: Revision
    let scope: ObjectScope
    /// By the wall clock of the node that keeps it: milliseconds.
    let bornAt: Int64
    let maxAge: Int64
    let staleIfError: Int64
    /// The storage's validator of these bytes.
    let validator: Int

    let image: Int
    /// Where the bytes came from; the first place looked into when there were none.
    let storage: Int
    /// Where it came from; every place looked into when nothing was there.
    let places: Places
    let endpoint: Int
    let recipe: Int
    let format: Int
    let tags: Int
    let version: Int
    /// True time at which the storage gave these bytes, or said that it has none.
    let readAt: UInt64
    /// True time at which the storage said last that they are still right.
    let validatedAt: UInt64

    init(
        status: Int, fill: Revision, scope: ObjectScope, bornAt: Int64, maxAge: Int64, staleIfError: Int64 = 0,
        validator: Int, image: Int, storage: Int, places: Places, endpoint: Int, recipe: Int, format: Int, tags: Int,
        version: Int, readAt: UInt64, validatedAt: UInt64
    ) {
        (self.status, self.fill, self.scope) = (status, fill, scope)
        (self.bornAt, self.maxAge, self.staleIfError, self.validator) = (bornAt, maxAge, staleIfError, validator)
        (self.image, self.storage, self.places, self.endpoint) = (image, storage, places, endpoint)
        (self.recipe, self.format, self.tags) = (recipe, format, tags)
        (self.version, self.readAt, self.validatedAt) = (version, readAt, validatedAt)
    }

    /// The same bytes, kept anew.
    func copy(fill: Revision? = nil, bornAt: Int64? = nil, validatedAt: UInt64? = nil) -> CachedImage {
        CachedImage(
            status: status, fill: fill ?? self.fill, scope: scope, bornAt: bornAt ?? self.bornAt, maxAge: maxAge,
            staleIfError: staleIfError, validator: validator, image: image, storage: storage, places: places,
            endpoint: endpoint, recipe: recipe, format: format, tags: tags, version: version, readAt: readAt,
            validatedAt: validatedAt ?? self.validatedAt)
    }

    func isErased(by erasure: Erasure) -> Bool {
        fill < erasure.revision && scope.sources.contains { erasure.sources.contains($0) }
    }
}
