import CacheProtocol
import ImageURL
import NodeAgent
import ObjectCache
import SourceStorage
import WorkerPool
import WorkerProtocol

/// How an origin answers one fetch, from top to bottom.
struct OriginPipeline: Sendable {
    let configuration: CurrentConfiguration
    let agent: NodeAgent
    let caches: OriginCaches
    /// Seconds that a shielded source is used without asking its storage again.
    let sourceMaxAge: UInt32
    let workers: WorkerPool
    let metrics: OriginMetrics
    let failures: FailureLog

    func answer(_ request: FetchRequest) async -> (answer: FetchAnswer, body: SharedBytes?) {
        var remembering: FetchFailure.Negative?
        var path: String?
        do {
            try requireLease()
            try await requireApplied(request.minRevision)
            let reading = try await read(request)
            path = reading.wanted.path
            try requireLease(reading.policy.endpoint.leaseMilliseconds)
            try refuseErased(reading)
            remembering = reading.policy.negative(reading.wanted, at: reading.standing.applied)
            let (object, work) = try await variant(reading)
            try refusePrivate(object, reading)
            metrics.answers.increment(work)
            return try await answer(object, work, reading.policy)
        } catch {
            let failure = FetchFailure(anyError: error, remembering: remembering)
            metrics.failures.increment(status: failure.status)
            failures.note(error, failure, path: path)
            return (.failure(failure), nil)
        }
    }

    /// - Parameter lease: milliseconds.
    private func requireLease(_ lease: UInt64 = .max) throws(FetchFailure) {
        guard agent.lease.mayAnswer(at: .now(), lease: lease) else {
            throw FetchFailure(
                status: 503, code: "ELEASE", message: "This origin holds no lease, so it must not answer.", retryAfter: 1,
                tryNextOrigin: true)
        }
    }

    private func requireApplied(_ revision: Revision) async throws(FetchFailure) {
        guard await agent.waitUntilApplied(revision, patience: .seconds(1)) else {
            throw FetchFailure(
                status: 503, code: "EBEHIND",
                message: "This origin has applied revision \(agent.rules.applied), but \(revision) is needed.",
                retryAfter: 1, tryNextOrigin: true)
        }
    }

    /// A request as one configuration reads it, and how things stand for it.
    private struct Reading: Sendable {
        let inForce: ConfigurationInForce
        let policy: OriginPolicy
        let wanted: WantedVariant
        let standing: RuleTable.Standing
    }

    /// The rules and the configuration must be of one state: what is made by the one before would count as new for the
    /// rules of the one after it. The rules come first, so there is a moment to wait.
    private func read(_ request: FetchRequest) async throws -> Reading {
        for _ in 0..<Self.triesToRead {
            if let inForce = configuration.value {
                let policy = inForce.policy(for: request)
                let wanted = try policy.read(request)
                let (standing, configured) = agent.rules.read { rules in
                    (
                        rules.standing(of: wanted.sources, urls: wanted.urls, site: policy.site).raised(to: request.floor),
                        rules.configuration?.revision ?? .zero
                    )
                }
                if inForce.revision == configured {
                    try requireSameReading(request, wanted)
                    return Reading(inForce: inForce, policy: policy, wanted: wanted, standing: standing)
                }
            }
            try await Task.sleep(for: .milliseconds(1))
        }
        throw FetchFailure(
            status: 503, code: "EBEHIND", message: "This origin has not read its new configuration yet.", retryAfter: 1,
            tryNextOrigin: true)
    }

    /// About as many milliseconds.
    private static let triesToRead = 1_000

    private func requireSameReading(_ request: FetchRequest, _ wanted: WantedVariant) throws(FetchFailure) {
        guard request.key == nil || request.key == wanted.key else {
            throw FetchFailure(
                status: 503, code: FetchFailure.otherReading,
                message: "The edge reads this URL by another configuration than this origin.", retryAfter: 1,
                tryNextOrigin: true)
        }
    }

    private func refuseErased(_ reading: Reading) throws(FetchFailure) {
        if let revision = reading.standing.tombstone {
            throw FetchFailure(
                status: 410, code: "EERASED", message: "\(reading.wanted.path) was erased by command \(revision).")
        }
    }

    /// From the shield; else one leader makes it, and everybody who asks meanwhile waits for that one.
    private func variant(_ reading: Reading) async throws -> (object: CachedObject, work: OriginWork) {
        let (policy, wanted, standing) = (reading.policy, reading.wanted, reading.standing)
        let isUsable: @Sendable (CachedObject) -> Bool = { object in
            object.staleBy == nil && policy.isFresh(object.metadata)
                && object.metadata.fillRevision >= standing.newestMatch
        }
        if case .hit(let object) = caches.variants.lookup(wanted.key), isUsable(object) { return (object, .variantHit) }
        let made = MadeHow()
        let (object, role) = try await caches.variants.object(
            for: wanted.key, newestMatch: standing.newestMatch, joinFrom: standing.joinFrom, accepting: isUsable
        ) {
            try await make(reading, noting: made)
        }
        switch role {
        case .led: return (object, made.work)
        case .collapsed: return (object, .collapsed)
        case .found: return (object, .variantHit)
        }
    }

    private func make(_ reading: Reading, noting made: MadeHow) async throws -> Filled {
        let (policy, wanted) = (reading.policy, reading.wanted)
        // Once more: the cache has begun a fill. A node that has lost its place in the journal meanwhile has emptied its caches
        // and knows no rules yet, and nothing may come into them before it does.
        try requireLease(policy.endpoint.leaseMilliseconds)
        let source = try await sources(by: reading).read(wanted.locations, reading.standing)
        made.work = source.fromStorage ? .fetched : .transformed
        let image = try await metrics.timeTransform {
            try await workers.transform(
                try SourceImageBytes(Array(source.bytes.storage[source.bytes.range])),
                recipe: wanted.identity.recipe.canonical, formats: policy.output(for: wanted.identity.accept),
                // Not the client's own patience: others wait for this image, and the next one finds it in the shield.
                deadline: .now + .milliseconds(policy.transformPatience))
        }
        return policy.filled(wanted, source, image)
    }

    private func sources(by reading: Reading) -> SourceReader {
        SourceReader(
            storages: reading.inForce.storages, unshielded: reading.inForce.local, shield: caches.sources,
            site: reading.policy.site, maxAge: sourceMaxAge, limits: ReadLimits(), metrics: metrics,
            requireLease: { try requireLease(reading.policy.endpoint.leaseMilliseconds) })
    }

    private func refusePrivate(_ object: CachedObject, _ reading: Reading) throws(FetchFailure) {
        guard object.metadata.isPrivate else { return }
        guard reading.wanted.identity.signed else {
            throw FetchFailure(
                status: 401, code: "ESIGN",
                message: "\(reading.wanted.path) is private: the URL needs a signature (ik-s).")
        }
        try requireLease(reading.policy.endpoint.privateLeaseMilliseconds)
    }

    private func answer(
        _ object: CachedObject, _ work: OriginWork, _ policy: OriginPolicy
    ) async throws -> (answer: FetchAnswer, body: SharedBytes?) {
        let body = try await BlockingRead.bytes(of: object.body)
        let fetched = FetchedObject(
            metadata: object.metadata, age: policy.age(of: object.metadata), bodyLength: UInt64(body.count),
            bodyChecksum: body.withUnsafeBytes { Checksum.crc32c($0) }, work: work)
        return (.object(fetched), body)
    }
}
