import CacheProtocol
import EdgeHTTP
import Foundation
import ImageURL
import Synchronization

/// The endpoint that this edge serves: how its URLs are read. Pure but for the wall clock.
struct ServedEndpoint: Sendable {
    let endpoint: Endpoint
    /// Of the configuration that this was made from.
    let digest: Digest128
    private let parser: ImageURLParser
    private let locator: SourceLocator
    private let verifier: SignatureVerifier

    /// - Throws: what is wrong with an origin's description of the endpoint.
    init(_ answer: EdgeConfigurationAnswer) throws {
        endpoint = try JSONDecoder().decode(Endpoint.self, from: Data(answer.endpoint.utf8))
        digest = answer.digest
        parser = ImageURLParser(endpoint: endpoint)
        locator = SourceLocator(endpoint: endpoint)
        verifier = SignatureVerifier(endpoint: endpoint, keys: answer.signingKeys)
    }

    /// Decides hits only: an origin reads a miss anew.
    /// - Throws: 400 for what is malformed, 401 for a signature that is wrong, expired or missing.
    func read(_ request: EdgeRequest) throws(ImageURLError) -> WantedVariant {
        let now = Int64(Date().timeIntervalSince1970)
        let (image, verdict) = try request.withTarget { (target) throws(ImageURLError) in
            let image = try parser.parse(target: target)
            return (image, verifier.verify(image.signature, target: target, now: now))
        }
        if let refusal = verdict.refusal(signedOnly: endpoint.signedOnly) { throw refusal }
        var signed = false
        var notAfter: Int64?
        if case .valid(let expiry) = verdict { (signed, notAfter) = (true, expiry) }
        let accepted = request.withAccept { negotiatedAccept(header: $0) }
        return WantedVariant(
            path: image.sourcePath, notAfter: notAfter,
            identity: VariantIdentity(
                locations: locator.locations(of: image), recipe: image.recipe,
                accept: effectiveAccept(image.recipe, accepted, endpoint: endpoint), signed: signed))
    }
}

/// The endpoint as it is served now: replaced as a whole when the origins' configuration has changed.
final class CurrentEndpoint: Sendable {
    private let endpoint: Mutex<ServedEndpoint>

    init(_ endpoint: ServedEndpoint) {
        self.endpoint = Mutex(endpoint)
    }

    var value: ServedEndpoint {
        get { endpoint.withLock { $0 } }
        set { endpoint.withLock { $0 = newValue } }
    }
}

/// What a request asks for, as this edge reads it.
struct WantedVariant: Sendable {
    /// For people.
    let path: String
    /// When the signature expires: seconds since 1970.
    let notAfter: Int64?
    let identity: VariantIdentity
    let key: CacheKey
    /// Every place that the source may come from: what tombstones match.
    let sources: [SourceIdentity]

    init(path: String, notAfter: Int64?, identity: VariantIdentity) {
        self.path = path
        self.notAfter = notAfter
        self.identity = identity
        key = CacheKey(Digest128(hashing: identity.parts))
        sources = identity.locations.map { SourceIdentity(storage: $0.storage, key: $0.key) }
    }

    /// One for each place; needed for a miss only.
    var urls: [Digest128] {
        let recipe = VariantIdentity.purgeRecipe(identity.recipe)
        return zip(sources, identity.locations).map { source, location in
            ObjectScope.urlDigest(source: source, query: location.query, recipe: recipe)
        }
    }
}
