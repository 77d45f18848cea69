import CacheProtocol
import Foundation
import ImageURL
import NodeAgent
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
    let agent: NodeAgent
    let site: String
    /// Seconds that a copy is used without asking its storage again.
    let maxAge: UInt32
    let limits: ReadLimits
    let metrics: OriginMetrics

    /// - Parameter newest: the newest command that matches what is to be made. So a purge of one URL of a source makes that
    ///   URL anew from the storage, although its shielded source is no variant and matches no URL.
    /// - Throws: `StorageError`; `notFound` when every location said so.
    func read(_ locations: [SourceLocation], notOlderThan newest: Revision) async throws -> ReadSource {
        for (index, location) in locations.enumerated() {
            do {
                return try await read(location, notOlderThan: newest)
            } catch let error as StorageError where error.code == .notFound && index < locations.count - 1 {
                continue
            }
        }
        throw StorageError(.notFound, storage: "", message: "The endpoint has no storage to look into.")
    }

    private func read(_ location: SourceLocation, notOlderThan newest: Revision) async throws -> ReadSource {
        if unshielded.contains(location.storage) {
            let filled = try await fill(location)
            return ReadSource(bytes: filled.body, metadata: filled.metadata, location: location, fromStorage: true)
        }
        let key = CacheKey(Digest128(hashing: "shielded", location.storage, location.key, location.query))
        let fresh: @Sendable (CachedObject) -> Bool = { object in
            object.staleBy == nil && object.metadata.fillRevision >= newest
                && OriginPolicy.now() - object.metadata.bornAt < Int64(object.metadata.freshness.maxAge) * 1000
        }
        let (object, role) = try await shield.object(for: key, newestMatch: newest, accepting: fresh) {
            try await fill(location)
        }
        return ReadSource(
            bytes: try await BlockingRead.bytes(of: object.body), metadata: object.metadata, location: location,
            fromStorage: role == .led)
    }

    private func fill(_ location: SourceLocation) async throws -> Filled {
        // Before the first byte is asked for: what was read earlier than a purge must never look newer than it.
        let revision = agent.rules.applied
        let object = try await metrics.timeStorageRead(location.storage) {
            try await storages.read(
                [.init(storage: location.storage, key: location.key, query: location.query)], limits: limits)
        }
        guard case .object(let source) = object.answer else {
            throw StorageError(
                .badAnswer(status: 304), storage: location.storage,
                message: "Storage \"\(location.storage)\" answered \"not modified\" to a request without conditions.")
        }
        let identity = SourceIdentity(storage: location.storage, key: location.key)
        let metadata = ObjectMetadata(
            contentType: source.contentType ?? "", entityTag: "", lastModified: HTTPDate.seconds(source.lastModified),
            bornAt: OriginPolicy.now(), freshness: Freshness(maxAge: maxAge), fillRevision: revision,
            scope: ObjectScope(
                sources: [identity],
                url: ObjectScope.urlDigest(source: identity, query: location.query, recipe: "source"), tags: source.tags,
                site: site),
            isPrivate: source.isPrivate)
        return Filled(metadata: metadata, body: SharedBytes(source.body))
    }
}
