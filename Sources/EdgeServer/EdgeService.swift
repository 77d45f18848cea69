import CacheProtocol
import EdgeHTTP
import Foundation
import ImageURL
import NIOCore
import NodeAgent
import ObjectCache
import Telemetry

/// How an edge answers one request, from top to bottom.
struct EdgeService: EdgeResponder {
    let endpoint: ServedEndpoint
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
            wanted = try endpoint.read(request)
        } catch {
            return .now(Self.refused(error))
        }
        if let revision = agent.rules.tombstone(on: wanted.sources) { return .now(Self.erased(wanted, revision)) }
        switch cache.lookup(wanted.key) {
        case .hit(let object):
            if object.staleBy == nil, Self.isFresh(object.metadata) {
                return .now(.object(object.metadata, AnswerBody(object.body), .hit))
            }
            return fetch(wanted, for: request, because: object.staleBy == nil ? .expired : .purged, holding: object)
        case .miss(let reason):
            return fetch(wanted, for: request, because: CacheReason(reason), holding: nil)
        }
    }

    /// One leader per key asks an origin; everybody who comes meanwhile waits for that one.
    private func fetch(
        _ wanted: WantedVariant, for request: EdgeRequest, because reason: CacheReason, holding old: CachedObject?
    ) -> EdgeOutcome {
        let newest = agent.rules.newestMatch(
            candidates: wanted.sources, urls: wanted.urls, site: endpoint.endpoint.account)
        let question = FetchRequest(
            host: request.host, target: request.target, accept: wanted.identity.accept.rawValue, minRevision: newest,
            patience: patience)
        return .later {
            do {
                let (object, role) = try await cache.object(
                    for: wanted.key, newestMatch: newest, accepting: { $0.staleBy == nil && Self.isFresh($0.metadata) }
                ) {
                    try await fill(question, source: wanted.sources[0])
                }
                return Self.answer(object, role, reason)
            } catch {
                return Self.failed(error, holding: old, wanted, agent)
            }
        }
    }

    private func fill(_ question: FetchRequest, source: SourceIdentity) async throws -> Filled {
        let (answer, body) = try await origins.fetch(question, of: source, maximumBodyBytes: maxBytes)
        switch answer {
        case .object(let fetched):
            var metadata = fetched.metadata
            metadata.bornAt = Self.now() - Int64(clamping: fetched.age)
            return Filled(metadata: metadata, body: SharedBytes(body))
        case .failure(let failure):
            guard let negative = failure.negative else { throw failure }
            return Filled(metadata: ObjectMetadata(failure, negative, bornAt: Self.now()), body: SharedBytes([]))
        }
    }

    private static func answer(_ object: CachedObject, _ role: FillRole, _ reason: CacheReason) -> EdgeAnswer {
        let status: CacheStatus =
            switch role {
            case .led: .miss(reason, forwardStatus: object.metadata.status, stored: true)
            case .collapsed: .collapsed(reason, stored: true)
            case .found: .hit
            }
        return .object(object.metadata, AnswerBody(object.body), status)
    }

    /// A copy that is only too old may stand in for an origin that can't be reached; one that a command forbids never.
    private static func failed(
        _ error: any Error, holding old: CachedObject?, _ wanted: WantedVariant, _ agent: NodeAgent
    ) -> EdgeAnswer {
        let failure = error as? FetchFailure
        if let old, failure?.status ?? 503 >= 500, mayStandIn(old, agent) {
            return .object(old.metadata, AnswerBody(old.body), .stale(.originError, forwardStatus: failure?.status))
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
        return .failure(
            EdgeFailure(
                status: 503, code: "EORIGIN", message: "No origin answered for \(wanted.path).", retryAfter: 2),
            .refused(.originDown))
    }

    private static func mayStandIn(_ old: CachedObject, _ agent: NodeAgent) -> Bool {
        let metadata = old.metadata
        let allowed = Int64(metadata.freshness.maxAge) + Int64(metadata.freshness.staleIfError)
        guard metadata.status == 200, now() - metadata.bornAt < allowed * 1000 else { return false }
        if case .refused = agent.rules.check(metadata.scope, filledAt: metadata.fillRevision).verdict { return false }
        return agent.lease.mayAnswer(at: .now())
    }

    private static let noLease = EdgeAnswer.failure(
        EdgeFailure(
            status: 503, code: "ELEASE",
            message: "This node holds no lease: it is cut off from its origins, or has just started.", retryAfter: 1),
        .refused(.noLease))

    private static func refused(_ error: ImageURLError) -> EdgeAnswer {
        .failure(
            EdgeFailure(status: UInt16(error.httpStatus), code: error.code, message: error.message),
            .refused(error.httpStatus == 401 ? .unauthorized : .badURL))
    }

    private static func erased(_ wanted: WantedVariant, _ revision: Revision) -> EdgeAnswer {
        .failure(
            EdgeFailure(
                status: 410, code: "EERASED", message: "\(wanted.path) was erased by command \(revision)."),
            .refused(.erased))
    }

    private static func isFresh(_ metadata: ObjectMetadata) -> Bool {
        now() - metadata.bornAt < Int64(metadata.freshness.maxAge) * 1000
    }

    /// Milliseconds since 1970.
    private static func now() -> Int64 {
        Int64(Date().timeIntervalSince1970 * 1000)
    }
}

extension AnswerBody {
    init(_ body: CachedBody) {
        switch body {
        case .memory(let bytes): self = .bytes(bytes.withUnsafeBytes { ByteBuffer(bytes: $0) })
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
        case 500...: self = .originDown
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
