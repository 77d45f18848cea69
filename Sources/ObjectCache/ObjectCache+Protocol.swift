public import CacheProtocol
internal import Foundation

/// What a node's part in the protocol asks of a cache, in the protocol's own words.
extension ObjectCache {
    /// Destroys what was erased; see `reclaim`.
    /// - Returns: a report for each, in their order, stamped with this node's wall clock.
    public func destroy(_ erasures: [Erasure]) async throws(ObjectCacheError) -> [RemovalReport] {
        let done = try await reclaim(erasures)
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        return done.map {
            RemovalReport(revision: $0.revision, objects: UInt64($0.objects), bytes: UInt64($0.bytes), at: now)
        }
    }

    /// Every record of these sources; see `records(of:)`.
    /// - Parameter cache: what this cache is called among those of its node.
    public func keptRecords(
        of sources: [SourceIdentity], in cache: String
    ) async throws(ObjectCacheError) -> [KeptRecord] {
        try await records(of: sources).map {
            KeptRecord(
                cache: cache, tier: $0.tier.description, key: $0.key, contentType: $0.contentType,
                bytes: UInt64($0.bytes), fillRevision: $0.fillRevision)
        }
    }
}
