import CacheProtocol
import EdgeHTTP
import Foundation
import ImageURL
import Synchronization

/// A configuration as this edge reads URLs by it. Pure but for the wall clock and for what it remembers.
final class ConfigurationInForce: Sendable {
    /// Of the `configure` command.
    let revision: Revision
    let served: ServedConfiguration
    /// By endpoint, where this is ahead of what the node has applied: milliseconds. The commands in between are waited for by
    /// the leases of before, so nobody may be answered on longer ones yet.
    private let allowed: [String: UInt64]?
    private let memory: TargetMemory<WantedVariant>
    /// How many targets are remembered.
    let targets: Int
    /// Seconds since 1970.
    private let now: @Sendable () -> Int64

    /// - Parameter applied: the last configuration that the node has applied.
    /// - Throws: what is wrong with an origin's answer.
    init(
        _ answer: EdgeConfigurationAnswer, applied: AppliedConfiguration? = nil, targets: Int = 8_192,
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }
    ) throws {
        self.now = now
        self.targets = targets
        memory = TargetMemory(capacity: targets)
        revision = answer.revision
        allowed = try applied.flatMap { $0.revision == answer.revision ? nil : try Self.leases(of: $0) }
        let keys = answer.signingKeys.map { (SigningKeyName(id: $0.id, version: $0.version), $0.value) }
        served = ServedConfiguration(
            try JSONDecoder().decode(URLConfiguration.self, from: Data(answer.document.utf8)),
            keys: Dictionary(keys) { first, _ in first })
    }

    private static func leases(of applied: AppliedConfiguration) throws -> [String: UInt64] {
        struct Endpoints: Decodable { var endpoints: [EndpointSettings] }
        let document = try JSONDecoder().decode(Endpoints.self, from: Data(applied.document.utf8))
        return Dictionary(document.endpoints.map { ($0.id, $0.leaseMilliseconds) }) { min($0, $1) }
    }

    /// Decides hits only: an origin reads a miss anew.
    /// - Throws: 400 for what is malformed, 401 for a signature that is wrong, expired or missing.
    func read(_ request: EdgeRequest) throws(ImageURLError) -> WantedVariant {
        let accept = request.withAccept { negotiatedAccept(header: $0) }
        return try request.withTarget { (target) throws(ImageURLError) in try read(target: target, accept: accept) }
    }

    func read(target: String, accept: AcceptClass) throws(ImageURLError) -> WantedVariant {
        try read(target: target.utf8.span, accept: accept)
    }

    private func read(target: Span<UInt8>, accept: AcceptClass) throws(ImageURLError) -> WantedVariant {
        // With a signature that ends the clock has a say: what is over is read again, and refused.
        if let known = memory.find(target, accept), known.notAfter.map({ now() <= $0 }) ?? true { return known }
        let through = served.select(target: target)
        let read = try through.read(target: target, accept: accept, now: now())
        let wanted = WantedVariant(
            read, through: through.endpoint, allowed: allowed.map { $0[through.endpoint.id] ?? 0 } ?? .max)
        memory.keep(wanted, target, accept)
        return wanted
    }
}

/// The configuration that this edge goes by, replaced as a whole. Every request takes one look at it.
final class CurrentConfiguration: Sendable {
    private let inForce: Mutex<ConfigurationInForce>

    init(_ inForce: ConfigurationInForce) {
        self.inForce = Mutex(inForce)
    }

    var value: ConfigurationInForce { inForce.withLock { $0 } }

    /// The hook of the node agent: goes by `wanted`, or by a later one, when it returns. The revision alone does not tell
    /// whether that is so already: it may be of another journal.
    /// - Throws: what is wrong with an answer; `ConfigurationBehind`. The agent tries again.
    /// - Returns: of which revision that is.
    func follow(
        _ wanted: AppliedConfiguration, asking ask: () async throws -> EdgeConfigurationAnswer
    ) async throws -> Revision {
        for number in 0..<Self.tries {
            let answer = try await ask()
            if answer.revision >= wanted.revision {
                let next = try ConfigurationInForce(answer, applied: wanted, targets: value.targets)
                inForce.withLock { $0 = next }
                return next.revision
            }
            try await Task.sleep(for: .milliseconds(1 << number))
        }
        throw ConfigurationBehind(wanted: wanted.revision)
    }

    /// A quarter of a second in all: an origin needs a few milliseconds.
    private static let tries = 8
}

/// Origins still go by an older configuration than the one that the journal told this edge of.
struct ConfigurationBehind: Error, CustomStringConvertible {
    let wanted: Revision

    var description: String { "No origin goes by the configuration of revision \(wanted) yet." }
}

/// What a request asks for, as this edge reads it. Shared by all requests that say the same.
final class WantedVariant: Sendable {
    /// For people.
    let path: String
    /// When the signature expires: seconds since 1970.
    let notAfter: Int64?
    let identity: VariantIdentity
    let key: CacheKey
    /// Every place that the source may come from: what tombstones match.
    let sources: [SourceIdentity]
    /// Of the endpoint, and of it with private files: milliseconds.
    let lease: UInt64
    let privateLease: UInt64

    /// - Parameter allowed: the longest lease there may be for now.
    init(_ read: ReadTarget, through endpoint: Endpoint, allowed: UInt64) {
        path = read.path
        notAfter = read.notAfter
        identity = read.identity
        key = CacheKey(Digest128(hashing: identity.parts))
        sources = identity.locations.map { SourceIdentity(storage: $0.storage, key: $0.key) }
        lease = min(endpoint.leaseMilliseconds, allowed)
        privateLease = min(endpoint.privateLeaseMilliseconds, allowed)
    }

    /// One for each place; needed for a miss only.
    var urls: [Digest128] {
        let recipe = VariantIdentity.purgeRecipe(identity.recipe)
        return zip(sources, identity.locations).map { source, location in
            ObjectScope.urlDigest(source: source, query: location.query, recipe: recipe)
        }
    }
}
