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

    let main: ImagePart
    /// Of a composite.
    let overlay: ImagePart?
    let endpoint: Int
    let recipe: Int
    let format: Int

    init(
        status: Int, fill: Revision, scope: ObjectScope, bornAt: Int64, maxAge: Int64, staleIfError: Int64 = 0,
        validator: Int, main: ImagePart, overlay: ImagePart? = nil, endpoint: Int, recipe: Int, format: Int
    ) {
        (self.status, self.fill, self.scope) = (status, fill, scope)
        (self.bornAt, self.maxAge, self.staleIfError, self.validator) = (bornAt, maxAge, staleIfError, validator)
        (self.main, self.overlay) = (main, overlay)
        (self.endpoint, self.recipe, self.format) = (endpoint, recipe, format)
    }

    /// The same bytes, kept anew.
    func copy(fill: Revision? = nil, bornAt: Int64? = nil, validatedAt: UInt64? = nil) -> CachedImage {
        var main = main
        main.validatedAt = validatedAt ?? main.validatedAt
        return CachedImage(
            status: status, fill: fill ?? self.fill, scope: scope, bornAt: bornAt ?? self.bornAt, maxAge: maxAge,
            staleIfError: staleIfError, validator: validator, main: main, overlay: overlay, endpoint: endpoint,
            recipe: recipe, format: format)
    }

    /// For people.
    var versions: String { "version \(main.version)" + (overlay.map { " under version \($0.version)" } ?? "") }

    /// By the keys that its record carries.
    func isErased(by erasure: Erasure) -> Bool {
        fill < erasure.revision && scope.sources.contains { erasure.sources.contains($0) }
    }

    /// Whatever keys its record carries.
    func holds(erased erasure: Erasure) -> Bool {
        guard status == 200, fill < erasure.revision else { return false }
        return erasure.sources.contains(main.source) || overlay.map { erasure.sources.contains($0.source) } ?? false
    }
}

/// The bytes of one source in it, or that there are none.
struct ImagePart {
    var image: Int
    /// Where the bytes came from; the first place looked into when there were none.
    var storage: Int
    /// Where they came from; every place looked into when nothing was there.
    var places: Places
    var tags: Int
    var version: Int
    /// True time at which the storage gave these bytes, or said that it has none.
    var readAt: UInt64
    /// True time at which the storage said last that they are still right.
    var validatedAt: UInt64

    var source: SourceIdentity { Catalogue.source(storage, image) }

    /// In none of these places.
    init(absent image: Int, from storages: [Int], at time: UInt64) {
        (self.image, storage, places) = (image, storages[0], Places(storages))
        (tags, version, readAt, validatedAt) = (0, 0, time, time)
    }

    init(_ file: SimulatedStorage.File, image: Int, storage: Int, at time: UInt64) {
        (self.image, self.storage, places) = (image, storage, Places([storage]))
        (tags, version, readAt, validatedAt) = (file.tags, file.version, time, time)
    }
}
