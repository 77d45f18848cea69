import CacheProtocol
public import EdgeHTTP
import Glibc
import ImageURL
import NodeAgent
public import ObjectCache
import Telemetry

/// How an edge answers one request, from top to bottom.
struct EdgeService: EdgeResponder {
    let current: CurrentConfiguration
    let agent: NodeAgent
    let cache: ObjectCache
    let origins: OriginLink
    /// Milliseconds.
    let patience: UInt64
    let maxBytes: Int

    func respond(to request: EdgeRequest) -> EdgeOutcome {
        guard agent.lease.mayAnswer(at: request.receivedAt) else { return .now(Self.noLease) }
        let wanted: WantedVariant
        do throws(ImageURLError) {
            wanted = try current.value.read(request)
        } catch {
            return .now(Self.refused(error))
        }
        guard agent.lease.mayAnswer(at: request.receivedAt, lease: wanted.lease) else { return .now(Self.noLease) }
        if let revision = agent.rules.tombstone(on: wanted.sources) { return .now(Self.erased(wanted.path, revision)) }
        switch cache.lookup(wanted.key) {
        case .hit(let object):
            if object.staleBy == nil, Self.isFresh(object) {
                guard mayAnswer(with: object, wanted, at: request.receivedAt) else { return .now(Self.noLease) }
                return .now(answer(object, wanted, .hit))
            }
            return fetch(wanted, for: request, because: object.staleBy == nil ? .expired : .purged, holding: object)
        case .miss(let reason):
            return fetch(wanted, for: request, because: CacheReason(reason), holding: nil)
        }
    }

    func confirm(_ answer: EdgeAnswer) -> EdgeAnswer {
        guard case .object(let object) = answer.kind else { return answer }
        let metadata = object.metadata
        if let revision = agent.rules.tombstone(on: metadata.scope.sources) { return Self.erased("This image", revision) }
        // Erased and lifted again since: its bytes may be overwritten already.
        return isForbidden(metadata) ? Self.overtaken : answer
    }

    /// One leader per key asks an origin; everybody who comes meanwhile waits for that one.
    private func fetch(
        _ wanted: WantedVariant, for request: EdgeRequest, because reason: CacheReason, holding old: CachedObject?
    ) -> EdgeOutcome {
        let (host, target) = (request.host, request.target)
        let accept = request.withAccept { negotiatedAccept(header: $0) }
        return .later {
            var (wanted, old) = (wanted, old)
            // Again where a command has overtaken the fill: its bytes were right when they were asked for, but are not now.
            for number in 0..<Self.tries {
                let standing = agent.rules.standing(of: wanted.sources, urls: wanted.urls, site: wanted.identity.site)
                if let revision = standing.tombstone { return Self.erased(wanted.path, revision) }
                let question = FetchRequest(
                    host: host, target: target, accept: wanted.identity.accept.rawValue,
                    minRevision: standing.joinFrom, floor: standing.floor, patience: patience, key: wanted.key)
                do {
                    let (object, role) = try await cache.object(
                        for: wanted.key, newestMatch: standing.newestMatch, joinFrom: standing.joinFrom,
                        accepting: { $0.staleBy == nil && Self.isFresh($0) }
                    ) {
                        [wanted] in
                        // A node that has lost its place in the journal while this request waited has emptied its cache and
                        // knows no rules yet: nothing may come into it before it does.
                        guard agent.lease.mayAnswer(at: .now(), lease: wanted.lease) else { throw Self.noLeaseToFetch }
                        return try await fill(question, source: wanted.sources.first)
                    }
                    guard mayAnswer(with: object, wanted, at: .now()) else { return Self.noLease }
                    if isForbidden(object.metadata) { continue }
                    return answer(object, wanted, Self.status(role, reason, object.metadata.status))
                } catch let failure as FetchFailure where failure.code == FetchFailure.otherReading {
                    // One of the two is about to learn a new configuration.
                    try? await Task.sleep(for: Self.pause * (1 << number))
                    do throws(ImageURLError) {
                        let again = try current.value.read(target: target, accept: accept)
                        if again.key != wanted.key { (wanted, old) = (again, nil) }
                    } catch {
                        return Self.refused(error)
                    }
                } catch {
                    return failed(error, holding: old, wanted)
                }
            }
            return Self.overtaken
        }
    }

    /// How often a request goes on asking while purges overtake its fills.
    private static let tries = 6
    /// After the first answer by another configuration; doubled with every further one.
    private static let pause = Duration.milliseconds(10)

    private func mayAnswer(with object: CachedObject, _ wanted: WantedVariant, at moment: BootInstant) -> Bool {
        agent.lease.mayAnswer(at: moment, lease: object.isPrivate ? wanted.privateLease : wanted.lease)
    }

    private func isForbidden(_ metadata: ObjectMetadata) -> Bool {
        if case .refused = agent.rules.check(metadata.scope, filledAt: metadata.fillRevision).verdict { return true }
        return false
    }

    private func fill(_ question: FetchRequest, source: SourceIdentity?) async throws -> Filled {
        guard let source else {
            throw FetchFailure(status: 404, code: "ENOENT", message: "The endpoint has no storage to look into.")
        }
        let (answer, body) = try await origins.fetch(question, of: source, maximumBodyBytes: maxBytes)
        switch answer {
        case .object(let fetched):
            var metadata = fetched.metadata
            metadata.bornAt = Self.now() - Int64(min(fetched.age, Self.oldest))
            return Filled(metadata: metadata, body: SharedBytes(body))
        case .failure(let failure):
            guard let negative = failure.negative else { throw failure }
            return Filled(metadata: ObjectMetadata(failure, negative, bornAt: Self.now()), body: SharedBytes([]))
        }
    }

    /// Milliseconds, a century: what claims to be older is as old.
    private static let oldest: UInt64 = 100 * 366 * 86_400_000

    private static func status(_ role: FillRole, _ reason: CacheReason, _ forwarded: UInt16) -> CacheStatus {
        switch role {
        case .led: .miss(reason, forwardStatus: forwarded, stored: true)
        case .collapsed: .collapsed(reason, stored: true)
        case .found: .hit
        }
    }

    /// A signature that expires also ends what caches of others may keep: the link would live on in them.
    private func answer(_ object: CachedObject, _ wanted: WantedVariant, _ status: CacheStatus) -> EdgeAnswer {
        if object.staleBy == nil, wanted.notAfter == nil {
            let form = object.form ?? object.keep(form: Representation(object.metadata, AnswerBody(object.body)))
            // Nobody else keeps anything with this cache's objects.
            return .object(unsafeDowncast(form, to: Representation.self), status)
        }
        var metadata = object.metadata
        // What was soft-purged may stand in where its maker is down, and nobody may keep it for fresh.
        if object.staleBy != nil { metadata.freshness = Freshness(maxAge: 0) }
        if let notAfter = wanted.notAfter {
            let lifetime = UInt32(clamping: notAfter - metadata.bornAt / 1000)
            metadata.freshness = Freshness(maxAge: min(metadata.freshness.maxAge, lifetime))
        }
        return .object(Representation(metadata, AnswerBody(object.body)), status)
    }

    /// A copy that is only too old may stand in for an origin that can't be reached; one that a command forbids never.
    private func failed(_ error: any Error, holding old: CachedObject?, _ wanted: WantedVariant) -> EdgeAnswer {
        let failure = error as? FetchFailure
        if let old, failure?.status ?? 503 >= 500, mayStandIn(old, wanted) {
            return answer(old, wanted, .stale(.originError, forwardStatus: failure?.status))
        }
        if let failure {
            return .failure(
                EdgeFailure(
                    status: failure.status, code: failure.code, message: failure.message,
                    retryAfter: failure.retryAfter == 0 ? nil : failure.retryAfter),
                CacheStatus(
                    outcome: .miss, reason: CacheReason(failure), forwardStatus: failure.status))
        }
        if error is CancellationError {
            return .failure(
                EdgeFailure(status: 503, code: "ECANCELLED", message: "The request was given up.", retryAfter: 1),
                .refused(.shuttingDown))
        }
        if (error as? ObjectCacheError)?.isOverload == true {
            return .failure(
                EdgeFailure(
                    status: 503, code: "EOVERLOAD", message: "As many variants are being fetched as may be at once.",
                    retryAfter: 1),
                .refused(.overload))
        }
        return .failure(
            EdgeFailure(
                status: 503, code: "EORIGIN", message: "No origin answered for \(wanted.path).", retryAfter: 2),
            .refused(.originDown))
    }

    private func mayStandIn(_ old: CachedObject, _ wanted: WantedVariant) -> Bool {
        let metadata = old.metadata
        let allowed = Int64(metadata.freshness.maxAge) + Int64(metadata.freshness.staleIfError)
        return metadata.status == 200 && Self.now() - metadata.bornAt < allowed * 1000 && !isForbidden(metadata)
            && mayAnswer(with: old, wanted, at: .now())
    }

    private static let overtaken = EdgeAnswer.failure(
        EdgeFailure(
            status: 503, code: "EPURGED", message: "Commands overtook every try to fetch this image.", retryAfter: 1),
        .refused(.purged))

    private static let noLease = EdgeAnswer.failure(
        EdgeFailure(status: 503, code: noLeaseToFetch.code, message: noLeaseToFetch.message, retryAfter: 1), .refused(.noLease))

    private static let noLeaseToFetch = FetchFailure(
        status: 503, code: "ELEASE",
        message: "This node holds no lease: it is cut off from its origins, or has just started.", retryAfter: 1)

    private static func refused(_ error: ImageURLError) -> EdgeAnswer {
        .failure(
            EdgeFailure(status: UInt16(error.httpStatus), code: error.code, message: error.message),
            .refused(error.httpStatus == 401 ? .unauthorized : .badURL))
    }

    private static func erased(_ what: String, _ revision: Revision) -> EdgeAnswer {
        .failure(
            EdgeFailure(
                status: 410, code: "EERASED", message: "\(what) was erased by command \(revision)."),
            .refused(.erased))
    }

    private static func isFresh(_ object: CachedObject) -> Bool {
        now() - object.bornAt < Int64(object.freshness.maxAge) * 1000
    }

    /// Milliseconds since 1970.
    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

extension SharedBytes: BodyBytes {}

extension AnswerBody {
    init(_ body: CachedBody) {
        switch body {
        case .memory(let bytes): self = .memory(bytes)
        case .file(let region):
            self = .file(descriptor: region.descriptor, offset: region.offset, length: region.count, pin: region)
        }
    }
}

extension CacheReason {
    init(_ reason: MissReason) {
        switch reason {
        case .absent: self = .cold
        case .refused, .belowFloor: self = .purged
        case .corrupt, .unreadable: self = .corrupt
        }
    }

    init(_ failure: FetchFailure) {
        switch failure.status {
        case 401: self = .unauthorized
        case 410: self = .erased
        case 503 where failure.code == "ELEASE": self = .noLease
        case 503: self = .overload
        case 502, 504: self = .originDown
        case 500...: self = .fault
        default: self = .cold
        }
    }
}

extension ObjectMetadata {
    /// A failure as a cache keeps it.
    init(_ failure: FetchFailure, _ negative: FetchFailure.Negative, bornAt: Int64) {
        self.init(
            status: failure.status, contentType: "text/plain", entityTag: "", bornAt: bornAt,
            freshness: Freshness(maxAge: negative.lifetime), fillRevision: negative.fillRevision,
            scope: negative.scope, errorText: "\(failure.code) - \(failure.message)")
    }
}
