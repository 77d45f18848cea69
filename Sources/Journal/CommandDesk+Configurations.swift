public import CacheProtocol

extension CommandDesk {
    /// Of the configurations that a node may still serve by, the oldest first: the last one that is completed, and all that
    /// came after it.
    public var configurationRevisions: [Revision] { terms.revisions }

    /// The same with their documents.
    public func configurations() async throws -> [AppliedConfiguration] {
        let revisions = configurationRevisions
        guard let first = revisions.first else { return [] }
        let entries = try await journal.entries(
            of: [.configure], after: Revision(rawValue: first.rawValue - 1), limit: revisions.count)
        return entries.compactMap { entry in
            guard case .configuration(let change) = entry.command.scope else { return nil }
            return AppliedConfiguration(revision: entry.revision, document: change.document)
        }
    }
}
