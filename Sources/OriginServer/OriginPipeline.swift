import CacheProtocol
import ImageURL
import NodeAgent
import ObjectCache
import WorkerPool
import WorkerProtocol

/// How an origin answers one fetch, from top to bottom.
struct OriginPipeline: Sendable {
    let policy: OriginPolicy
    let agent: NodeAgent
    let variants: ObjectCache
    let sources: SourceReader
    let workers: WorkerPool
    let metrics: OriginMetrics
    let failures: FailureLog

    func answer(_ request: FetchRequest) async -> (answer: FetchAnswer, body: SharedBytes?) {
        var remembering: FetchFailure.Negative?
        var path: String?
        do {
            try requireLease()
            try await requireApplied(request.minRevision)
            let wanted = try policy.read(request)
            path = wanted.path
            let standing = agent.rules.standing(of: wanted.sources, urls: wanted.urls, site: policy.site)
            try refuseErased(wanted, standing)
            remembering = policy.negative(wanted, at: standing.applied)
            let (object, work) = try await variant(wanted, standing)
            try refusePrivate(object, wanted)
            metrics.answers.increment(work)
            return try await answer(object, work)
        } catch {
            let failure = FetchFailure(anyError: error, remembering: remembering)
            metrics.failures.increment(status: failure.status)
            failures.note(error, failure, path: path)
            return (.failure(failure), nil)
        }
    }

    private func requireLease() throws(FetchFailure) {
        guard agent.lease.mayAnswer(at: .now()) else {
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

    private func refuseErased(_ wanted: WantedVariant, _ standing: RuleTable.Standing) throws(FetchFailure) {
        if let revision = standing.tombstone {
            throw FetchFailure(
                status: 410, code: "EERASED", message: "\(wanted.path) was erased by command \(revision).")
        }
    }

    /// From the shield; else one leader makes it, and everybody who asks meanwhile waits for that one.
    private func variant(
        _ wanted: WantedVariant, _ standing: RuleTable.Standing
    ) async throws -> (object: CachedObject, work: OriginWork) {
        if case .hit(let object) = variants.lookup(wanted.key), object.staleBy == nil, policy.isFresh(object.metadata) {
            return (object, .variantHit)
        }
        let made = MadeHow()
        let (object, role) = try await variants.object(
            for: wanted.key, newestMatch: standing.newestMatch,
            accepting: { [policy] in $0.staleBy == nil && policy.isFresh($0.metadata) }
        ) {
            try await make(wanted, standing, noting: made)
        }
        switch role {
        case .led: return (object, made.work)
        case .collapsed: return (object, .collapsed)
        case .found: return (object, .variantHit)
        }
    }

    private func make(
        _ wanted: WantedVariant, _ standing: RuleTable.Standing, noting made: MadeHow
    ) async throws -> Filled {
        let source = try await sources.read(wanted.locations, standing)
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

    private func refusePrivate(_ object: CachedObject, _ wanted: WantedVariant) throws(FetchFailure) {
        if object.metadata.isPrivate, !wanted.identity.signed {
            throw FetchFailure(
                status: 401, code: "ESIGN", message: "\(wanted.path) is private: the URL needs a signature (ik-s).")
        }
    }

    private func answer(
        _ object: CachedObject, _ work: OriginWork
    ) async throws -> (answer: FetchAnswer, body: SharedBytes?) {
        let body = try await BlockingRead.bytes(of: object.body)
        let fetched = FetchedObject(
            metadata: object.metadata, age: policy.age(of: object.metadata), bodyLength: UInt64(body.count),
            bodyChecksum: body.withUnsafeBytes { Checksum.crc32c($0) }, work: work)
        return (.object(fetched), body)
    }
}
