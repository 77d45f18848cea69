import CacheProtocol
import Foundation
import ImageURL
import ObjectCache
import SourceStorage

/// A source image and what a variant of it inherits.
struct ReadSource: Sendable {
    let bytes: SharedBytes
    let metadata: ObjectMetadata
    let location: SourceLocation
    /// Whether this read went to a storage; false for the shield.
    let fromStorage: Bool
}

/// Reads source images: from the shield, else from the storages of the endpoint in their order, once for all who ask.
///
/// A storage on this machine's own disk is not shielded: the copy would only take the room twice.
struct SourceReader: Sendable {
    let storages: OrderedStorages
    /// Ids of the storages that are local.
    let unshielded: Set<String>
    let shield: ObjectCache
    let site: String
    /// Seconds that a copy is used without asking its storage again.
    let maxAge: UInt32
    let limits: ReadLimits
    let metrics: OriginMetrics
    /// Throws where this node may not answer, see `OriginPipeline.make`.
    let requireLease: @Sendable () throws -> Void

    /// - Parameter standing: of the request that all of this is for. No copy older than its newest matching command is
    ///   used, so a purge of one URL makes that URL anew from the storage, although its shielded source is no variant and
    ///   matches no URL. Nothing counts as newer than its `applied`: what is read here, the storages that have no such
    ///   file included, was looked for because of what stood then.
    /// - Throws: `StorageError`; `notFound` when every location said so.
    func read(_ locations: [SourceLocation], _ standing: RuleTable.Standing) async throws -> ReadSource {
        for (index, location) in locations.enumerated() {
            do {
                return try await read(location, standing)
            } catch let error as StorageError where error.code == .notFound && index < locations.count - 1 {
                continue
            }
        }
        throw StorageError(.notFound, storage: "", message: "The endpoint has no storage to look into.")
    }

    private func read(_ location: SourceLocation, _ standing: RuleTable.Standing) async throws -> ReadSource {
        if unshielded.contains(location.storage) {
            let filled = try await fill(location, standing)
            return ReadSource(bytes: filled.body, metadata: filled.metadata, location: location, fromStorage: true)
        }
        let key = CacheKey(Digest128(hashing: "shielded", location.storage, location.meaning, location.key, location.query))
        let fresh: @Sendable (CachedObject) -> Bool = { object in
            object.staleBy == nil && object.metadata.fillRevision >= standing.newestMatch
                && OriginPolicy.now() - object.metadata.bornAt < Int64(object.metadata.freshness.maxAge) * 1000
        }
        let (object, role) = try await shield.object(
            for: key, newestMatch: standing.newestMatch, joinFrom: standing.joinFrom, accepting: fresh
        ) {
            try requireLease()
            return try await fill(location, standing, revalidating: heldCopy(key, standing))
        }
        var metadata = object.metadata
        metadata.fillRevision = min(metadata.fillRevision, standing.applied)
        return ReadSource(
            bytes: try await BlockingRead.bytes(of: object.body), metadata: metadata, location: location,
            fromStorage: role == .led)
    }

    /// - Parameter held: a copy that only time or a soft purge has made too old.
    private func fill(
        _ location: SourceLocation, _ standing: RuleTable.Standing, revalidating held: CachedObject? = nil
    ) async throws -> Filled {
        let place = OrderedStorages.Location(storage: location.storage, key: location.key, query: location.query)
        let found = try await metrics.timeStorageRead(location.storage) {
            try await storages.read([place], limits: limits, held: held.map { (place, Validators(of: $0.metadata)) })
        }
        switch found.answer {
        case .object(let source):
            return Filled(metadata: metadata(of: source, at: location, standing), body: SharedBytes(source.body))
        case .notModified:
            guard let held else {
                throw StorageError(
                    .badAnswer(status: 304), storage: location.storage,
                    message: "Storage \"\(location.storage)\" answered \"not modified\" to a request without conditions.")
            }
            var metadata = held.metadata
            metadata.bornAt = OriginPolicy.now()
            metadata.fillRevision = standing.applied
            return Filled(metadata: metadata, body: try await BlockingRead.bytes(of: held.body))
        }
    }

    /// What the shield holds, if its storage may be asked whether it is still right. After a hard command nothing is:
    /// a storage that answers "not modified" by a clock or a cache of its own would bring back what was purged.
    private func heldCopy(_ key: CacheKey, _ standing: RuleTable.Standing) -> CachedObject? {
        guard case .hit(let object) = shield.lookup(key), object.metadata.fillRevision >= standing.newestHard,
            !Validators(of: object.metadata).isEmpty
        else { return nil }
        return object
    }

    private func metadata(
        of source: SourceObject, at location: SourceLocation, _ standing: RuleTable.Standing
    ) -> ObjectMetadata {
        let identity = SourceIdentity(storage: location.storage, key: location.key)
        return ObjectMetadata(
            contentType: source.contentType ?? "", entityTag: source.etag ?? "",
            lastModified: HTTPDate.seconds(source.lastModified), bornAt: OriginPolicy.now(),
            freshness: Freshness(maxAge: maxAge), fillRevision: standing.applied,
            scope: ObjectScope(
                sources: [identity],
                url: ObjectScope.urlDigest(source: identity, query: location.query, recipe: "source"), tags: source.tags,
                site: site),
            isPrivate: source.isPrivate)
    }
}

extension Validators {
    /// Of a shielded source, as its storage wrote them.
    init(of metadata: ObjectMetadata) {
        self.init(
            etag: metadata.entityTag.isEmpty ? nil : metadata.entityTag,
            lastModified: metadata.lastModified.map(HTTPDate.text))
    }
}
