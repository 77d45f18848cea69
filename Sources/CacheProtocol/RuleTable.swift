/// The commands that a node has applied, folded to what an object must be checked against (DESIGN §4, rules 6 to 9).
///
/// Invariants
/// 1. `applied` and `chain` are those of the last entry applied; entries are applied gapless and on the chain only.
/// 2. An object is refused if and only if a hard mark that matches it is greater than its fill revision. So a purge is a
///    comparison, not a deletion: late fills, duplicates and objects that come back after a crash are harmless.
/// 3. Marks only grow. `lift` removes a tombstone and nothing else.
public struct RuleTable: Sendable {
    /// The greatest revisions of the commands that named one scope.
    public struct Marks: Hashable, Sendable {
        public internal(set) var hard = Revision.zero
        public internal(set) var soft = Revision.zero
        /// The erase that is in force.
        public internal(set) var tombstone: Revision?

        var newest: Revision { max(hard, soft) }
    }

    public private(set) var applied: Revision
    public private(set) var chain: ChainDigest
    private var all = Marks()
    private var sources: [Digest128: Marks] = [:]
    private var urls: [Digest128: Marks] = [:]
    private var tags: [String: Marks] = [:]
    private var sites: [String: Marks] = [:]
    /// The newest mark of any tag: a fill's tags are not known before it is done.
    private var newestOfAnyTag = Revision.zero

    /// The table of a node that has applied nothing of the journal `id`.
    public init(journal id: JournalID) {
        applied = .zero
        chain = .root(of: id)
    }

    /// - Throws: `ApplyError.gap` or `.notOnChain`; the table is unchanged then.
    public mutating func apply(_ entry: JournalEntry) throws(ApplyError) {
        guard entry.revision == applied.next else { throw .gap(expected: applied.next, got: entry.revision) }
        guard entry.chain == entry.chainDigest(following: chain) else { throw .notOnChain(entry.revision) }
        switch entry.command.scope {
        case .all: Self.mark(&all, entry)
        case .url(let digests): for digest in digests { Self.mark(&urls[digest, default: Marks()], entry) }
        case .source(let identities):
            for identity in identities { Self.mark(&sources[identity.digest, default: Marks()], entry) }
        case .tag(let tag):
            Self.mark(&tags[tag, default: Marks()], entry)
            newestOfAnyTag = entry.revision
        case .site(let site): Self.mark(&sites[site, default: Marks()], entry)
        }
        applied = entry.revision
        chain = entry.chain
    }

    private static func mark(_ marks: inout Marks, _ entry: JournalEntry) {
        switch entry.command.kind {
        case .hardPurge: marks.hard = entry.revision
        case .softPurge: marks.soft = entry.revision
        case .erase:
            marks.hard = entry.revision
            marks.tombstone = entry.revision
        case .lift: marks.tombstone = nil
        }
    }

    /// May an object with this scope, filled at this revision, answer?
    public func verdict(on scope: ObjectScope, filledAt fill: Revision) -> Verdict {
        let marks = marks(matching: scope)
        if marks.hard > fill { return .refused(by: marks.hard) }
        if marks.soft > fill { return .stale(by: marks.soft) }
        return .valid
    }

    private func marks(matching scope: ObjectScope) -> Marks {
        var result = all
        func include(_ other: Marks?) {
            guard let other else { return }
            result.hard = max(result.hard, other.hard)
            result.soft = max(result.soft, other.soft)
        }
        if !sources.isEmpty { for source in scope.sources { include(sources[source.digest]) } }
        include(urls[scope.url])
        if !tags.isEmpty { for tag in scope.tags { include(tags[tag]) } }
        include(sites[scope.site])
        return result
    }

    /// The erase in force on any of the places a path could reach; the answer is then 410.
    public func tombstone(on candidates: [SourceIdentity]) -> Revision? {
        guard !sources.isEmpty else { return nil }
        return candidates.compactMap { sources[$0.digest]?.tombstone }.max()
    }

    /// The newest command that could match what a request will be answered with, before it is known what that is: the
    /// `minRevision` of its fill, and the least fill revision of a fill it may join (DESIGN §4, rules 11 and 12).
    public func newestMatch(candidates: [SourceIdentity], urls digests: [Digest128], site: String) -> Revision {
        var newest = max(all.newest, newestOfAnyTag, sites[site]?.newest ?? .zero)
        for candidate in candidates { newest = max(newest, sources[candidate.digest]?.newest ?? .zero) }
        for digest in digests { newest = max(newest, urls[digest]?.newest ?? .zero) }
        return newest
    }

    /// How things stand for a request, all of one moment: what is made for it is stamped with `applied`, so that a command
    /// that comes after the look at the tombstone forbids it.
    public func standing(of candidates: [SourceIdentity], urls digests: [Digest128], site: String) -> Standing {
        Standing(
            applied: applied, tombstone: tombstone(on: candidates),
            newestMatch: newestMatch(candidates: candidates, urls: digests, site: site))
    }

    public struct Standing: Hashable, Sendable {
        public var applied: Revision
        public var tombstone: Revision?
        public var newestMatch: Revision
    }

    /// Scopes that carry a mark.
    public var ruleCount: Int {
        sources.count + urls.count + tags.count + sites.count
    }

    public enum Verdict: Hashable, Sendable {
        case valid
        /// A newer soft purge matches: revalidate.
        case stale(by: Revision)
        /// A newer hard purge or erase matches: never serve.
        case refused(by: Revision)
    }
}

/// Why an entry can't be applied.
public enum ApplyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Entries are missing between: ask for them again.
    case gap(expected: Revision, got: Revision)
    /// The node's history is not the journal's: drop the cache and join anew (DESIGN §4, rule 2).
    case notOnChain(Revision)

    public var description: String {
        switch self {
        case .gap(let expected, let got): "the journal's next entry is \(expected), but \(got) was received"
        case .notOnChain(let revision): "entry \(revision) does not follow from what this node has applied"
        }
    }
}
