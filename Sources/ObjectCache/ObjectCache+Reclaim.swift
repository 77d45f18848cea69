public import CacheProtocol

extension ObjectCache {
    /// Destroys everything that was made from erased sources before their erases: in memory, waiting to be written, live or
    /// dead on the disk, and in files that have no name any more but are held open by an answer. When this returns, the
    /// bytes have been overwritten and no crash brings them back. Doing it again destroys what is left, nothing mostly.
    ///
    /// One walk over all heads serves all erases given. It takes as long as the disk does, in steps between which the
    /// cache goes on storing; lookups never wait for it.
    ///
    /// Before: the cache's rules have applied the erases, so that nothing of the kind comes in any more, and answers
    /// under way with such bytes have been cut off, because from now on they would send zeros.
    /// - Returns: one for each erase, in their order. A record that several mean counts for the first of them.
    /// - Throws: an erase is not applied yet; the disk failed, and nothing counts as removed; the cache has been shut down.
    public func reclaim(_ erases: [Erasure]) async throws(ObjectCacheError) -> [Reclaimed] {
        if erases.isEmpty { return [] }
        let applied = core.rules.applied
        if let early = erases.first(where: { $0.revision > applied }) {
            throw .notApplied("\(early.revision)", applied: "\(applied)")
        }
        core.due.ask(erases)
        return try await withCheckedContinuation { queue.ask(.reclaim(erases, $0)) }.get()
    }

    /// Erases that the rules are about to apply. From now until `reclaim` has carried them out, no segment goes without having
    /// been overwritten where they mean it; and until `reclaim` is asked for, none that an answer may be sending from.
    public func expect(_ erases: [Erasure]) {
        core.due.add(erases)
    }

    /// Every record with bytes of these sources, live or dead, of whatever revision. The same walk as `reclaim`'s.
    /// - Throws: the disk failed, so that the list would not be whole; the cache has been shut down.
    public func records(of sources: [SourceIdentity]) async throws(ObjectCacheError) -> [FoundRecord] {
        try await withCheckedContinuation { queue.ask(.find(sources, $0)) }.get()
    }
}
