/// A configuration as requests are read by it: pure, and replaced as a whole.
public struct ServedConfiguration: Sendable {
    /// The default endpoint first.
    public let endpoints: [ServedEndpoint]
    /// The endpoint whose URLs name none.
    private let standard: ServedEndpoint
    /// By the bytes of their ids.
    private let named: [[UInt8]: ServedEndpoint]
    private let idSegment: Int

    /// - Parameter keys: values of signing keys. Only those count that the configuration names, by id and version: a key
    ///   that it names no more verifies nothing.
    public init(_ configuration: URLConfiguration, keys: [SigningKeyName: String]) {
        let values = configuration.signingKeys.compactMap { keys[$0] }
        let transformations = NamedTransformations(configuration.transformations)
        let all = configuration.endpoints.map {
            ServedEndpoint(configuration.endpoint($0), transformations: transformations, keys: values)
        }
        // A configuration without a default endpoint serves nothing where a URL names none.
        let nothing = ServedEndpoint(Endpoint(account: configuration.account), transformations: transformations, keys: [])
        standard = all.first { $0.endpoint.id.isEmpty } ?? nothing
        endpoints = all.filter { $0.endpoint.id.isEmpty } + all.filter { !$0.endpoint.id.isEmpty }
        named = Dictionary(all.filter { !$0.endpoint.id.isEmpty }.map { (Array($0.endpoint.id.utf8), $0) }) { first, _ in first }
        idSegment = configuration.account.isEmpty ? 0 : 1
    }

    public subscript(id: String) -> ServedEndpoint? {
        id.isEmpty ? standard : named[Array(id.utf8)]
    }

    /// The endpoint that a URL goes through: the one whose id is the segment after the account, else the default one. Never
    /// fails: whether the target begins with the account at all is the endpoint's parser's business.
    public func select(target: Span<UInt8>) -> ServedEndpoint {
        guard !named.isEmpty, target.count > 0, target[0] == UInt8(ascii: "/") else { return standard }
        var rest: Range<Int>? = 1..<RawTarget(target).path.upperBound
        for number in 0... {
            guard let range = RawTarget.takePart(target, of: &rest, separator: UInt8(ascii: "/")) else { return standard }
            if number < idSegment { continue }
            var segment: [UInt8] = []
            // The parser, which reads the segment again, says what is wrong with it.
            do throws(ImageURLError) {
                try appendPercentDecoded(target, range, to: &segment, place: "the endpoint")
            } catch { return standard }
            return named[segment] ?? standard
        }
        return standard
    }

    public func select(target: String) -> ServedEndpoint {
        select(target: target.utf8.span)
    }

    /// Every endpoint that may answer with what lies in one of these storages.
    public func endpoints(reaching storages: some Collection<String>) -> [ServedEndpoint] {
        endpoints.filter { served in served.endpoint.storages.contains { storages.contains($0.id) } }
    }

    /// Milliseconds.
    public var longestLease: UInt64 { endpoints.map(\.endpoint.leaseMilliseconds).max() ?? 0 }
    public var shortestLease: UInt64 { endpoints.map(\.endpoint.privateLeaseMilliseconds).min() ?? .max }
}

/// An endpoint with what reads its URLs.
public struct ServedEndpoint: Sendable {
    public let endpoint: Endpoint
    public let parser: ImageURLParser
    public let locator: SourceLocator
    public let verifier: SignatureVerifier

    public init(_ endpoint: Endpoint, transformations: NamedTransformations = NamedTransformations(), keys: [String]) {
        self.endpoint = endpoint
        parser = ImageURLParser(endpoint: endpoint, transformations: transformations)
        locator = SourceLocator(endpoint: endpoint)
        verifier = SignatureVerifier(endpoint: endpoint, keys: keys)
    }

    /// What a request for `target` is to be answered with.
    /// - Parameters:
    ///   - accept: what the client takes.
    ///   - now: Unix time in seconds.
    /// - Throws: 400 for what is malformed, 401 for a signature that is wrong, expired or missing.
    public func read(target: Span<UInt8>, accept: AcceptClass, now: Int64) throws(ImageURLError) -> ReadTarget {
        let image = try parser.parse(target: target)
        let verdict = verifier.verify(image.signature, target: target, now: now)
        if let refusal = verdict.refusal(signedOnly: endpoint.signedOnly) { throw refusal }
        var signed = false
        var notAfter: Int64?
        if case .valid(let expiry) = verdict { (signed, notAfter) = (true, expiry) }
        return ReadTarget(
            path: image.sourcePath, notAfter: notAfter, identity: identity(of: image, accept: accept, signed: signed))
    }

    /// - Parameter accept: of the client; what can't change the answer is left out.
    public func identity(of image: ImageRequest, accept: AcceptClass = [], signed: Bool = false) -> VariantIdentity {
        VariantIdentity(
            site: endpoint.id, locations: locator.locations(of: image), recipe: image.recipe,
            accept: effectiveAccept(image.recipe, accept, endpoint: endpoint), signed: signed,
            defaultQuality: image.recipe.output.quality == nil ? endpoint.defaultQuality : nil)
    }
}

/// A request target as its endpoint reads it.
public struct ReadTarget: Sendable {
    /// The source image's path, for people.
    public let path: String
    /// When the signature expires: seconds since 1970. Nil without one, or one without an end.
    public let notAfter: Int64?
    public let identity: VariantIdentity
}
