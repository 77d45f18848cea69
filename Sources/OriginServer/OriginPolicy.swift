import CacheProtocol
import Foundation
import ImageURL
import ObjectCache
import WorkerPool
import WorkerProtocol

/// What the configuration decides about requests through one endpoint. Pure but for the wall clock.
struct OriginPolicy: Sendable {
    private let served: ServedEndpoint
    /// Seconds in `Cache-Control`, and how long a shielded variant is used.
    let variantMaxAge: UInt32
    /// Seconds beyond `max-age` for which an edge may stand in for an origin that is down.
    let staleIfError: UInt32 = 86_400
    /// Seconds that an edge may remember a failure which only time mends.
    let negativeLifetime: UInt32 = 10
    /// Milliseconds: one transform, its wait for a worker included.
    let transformPatience: UInt64 = 20_000

    init(_ served: ServedEndpoint, variantMaxAge: Int) {
        self.served = served
        self.variantMaxAge = UInt32(clamping: variantMaxAge)
    }

    var endpoint: Endpoint { served.endpoint }

    /// What commands know the endpoint by.
    var site: String { endpoint.id }

    /// Reads the client's own words anew: an edge's reading decides hits only.
    func read(_ request: FetchRequest) throws(ImageURLError) -> WantedVariant {
        let read = try served.read(
            target: request.target.utf8.span, accept: AcceptClass(rawValue: request.accept),
            now: Int64(Date().timeIntervalSince1970))
        return WantedVariant(path: read.path, identity: read.identity)
    }

    func output(for accept: AcceptClass) -> OutputPolicy {
        OutputPolicy(accept: accept, defaultQuality: endpoint.defaultQuality)
    }

    func filled(_ wanted: WantedVariant, _ source: ReadSource, _ image: TransformedImage) -> Filled {
        let body = SharedBytes(image.bytes)
        let identity = wanted.identity
        let metadata = ObjectMetadata(
            contentType: image.contentType, entityTag: EntityTag.strong(over: body),
            lastModified: source.metadata.lastModified, bornAt: Self.now(),
            freshness: Freshness(maxAge: variantMaxAge, staleIfError: staleIfError), fillRevision: source.metadata.fillRevision,
            scope: ObjectScope(
                sources: source.metadata.scope.sources, url: wanted.urlDigest(of: source.location),
                tags: source.metadata.scope.tags, site: site),
            variesByAccept: negotiatesFormat(identity.recipe), isPrivate: source.metadata.isPrivate)
        return Filled(metadata: metadata, body: body)
    }

    /// What an edge may remember a failure by. The revision must have been read before the storage was.
    func negative(_ wanted: WantedVariant, at revision: Revision) -> FetchFailure.Negative {
        FetchFailure.Negative(
            lifetime: negativeLifetime, fillRevision: revision,
            scope: ObjectScope(sources: wanted.sources, url: wanted.urls.first ?? Digest128(high: 0, low: 0), site: site))
    }

    func isFresh(_ metadata: ObjectMetadata) -> Bool {
        age(of: metadata) < UInt64(metadata.freshness.maxAge) * 1000
    }

    /// Milliseconds.
    func age(of metadata: ObjectMetadata) -> UInt64 {
        UInt64(max(0, Self.now() - metadata.bornAt))
    }

    /// Milliseconds since 1970.
    static func now() -> Int64 {
        Int64(Date().timeIntervalSince1970 * 1000)
    }
}

/// What a request asks for, as this origin reads it.
struct WantedVariant: Sendable {
    /// For people.
    let path: String
    let identity: VariantIdentity
    let key: CacheKey
    /// Every place that the source may come from, without query: what tombstones and source purges match.
    let sources: [SourceIdentity]
    /// One for each place.
    let urls: [Digest128]

    init(path: String, identity: VariantIdentity) {
        self.path = path
        self.identity = identity
        key = CacheKey(Digest128(hashing: identity.parts))
        sources = identity.locations.map { SourceIdentity(storage: $0.storage, key: $0.key) }
        let recipe = VariantIdentity.purgeRecipe(identity.recipe)
        urls = zip(sources, identity.locations).map { source, location in
            ObjectScope.urlDigest(source: source, query: location.query, recipe: recipe)
        }
    }

    var locations: [SourceLocation] { identity.locations }

    func urlDigest(of location: SourceLocation) -> Digest128 {
        zip(locations, urls).first { $0.0 == location }?.1 ?? urls[0]
    }
}
