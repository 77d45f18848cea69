internal import CacheProtocol

/// Which records the erases of one pass mean.
struct SourceMatcher {
    private let erases: [(revision: Revision, sources: Set<SourceIdentity>)]
    private let newest: Revision

    init(_ erases: [Erasure]) {
        self.erases = erases.map { ($0.revision, Set($0.sources)) }
        newest = erases.map(\.revision).max() ?? .zero
    }

    /// Of whatever revision.
    init(_ sources: [SourceIdentity]) {
        self.init([Erasure(revision: Revision(rawValue: .max), sources: sources)])
    }

    /// What a head alone can say: false spares reading the metadata.
    func mayMatch(_ head: RecordHead) -> Bool { head.fillRevision < newest.rawValue }

    /// - Returns: the first erase that means this record; a record is destroyed, and counted, once.
    func first(matching metadata: ObjectMetadata) -> Int? {
        guard metadata.fillRevision < newest else { return nil }
        return erases.firstIndex { erase in
            metadata.fillRevision < erase.revision && metadata.scope.sources.contains { erase.sources.contains($0) }
        }
    }
}
