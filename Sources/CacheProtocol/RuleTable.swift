/// The commands that a node has applied, folded to what an object must be checked against (DESIGN §4, rules 6 to 9).
///
/// Invariants
/// 1. `applied` and `chain` are those of the last entry applied; entries are applied gapless and on the chain only.
/// 2. An object is refused if and only if a hard mark that matches it is greater than its fill revision, or that revision
///    is below the floor. So a purge is a comparison, not a deletion: late fills, duplicates and objects that come back
///    after a crash are harmless.
/// 3. Marks only grow. `lift` removes a tombstone and nothing else.
/// 4. Marks through `floor` are dropped, tombstones never. An object of before the floor is refused, because nobody knows
///    any more what it would have to be compared with.
public struct RuleTable: Sendable {
    public private(set) var applied: Revision
    public private(set) var chain: ChainDigest
    public private(set) var floor = Revision.zero
    /// The configuration in force, as the last `configure` gave it; nil before the first.
    public internal(set) var configuration: AppliedConfiguration?
    /// Data folders that were forgotten or declared dead, with the revision of the last time.
    public internal(set) var forgotten: [UInt64: Revision] = [:]

    var all = Marks()
    var sources: [Digest128: Marks] = [:]
    var urls: [Digest128: Marks] = [:]
    var prefixes = PrefixTree<Marks>()
    var tags: [String: Marks] = [:]
    var sites: [String: Marks] = [:]
    /// The newest command that bears on requests which it does not name: on a tag, for a fill's tags are not known before it is
    /// done; a lift or a configuration, for a fill that began before it may still bring the refusal that it ended.
    var newestUnnamed = Revision.zero
    /// The newest hard mark of any URL or endpoint. A shielded source serves them all and is in the scope of none, so it can't
    /// be told which of them a "not modified" would speak for.
    private var newestHardOfAnyView = Revision.zero
    /// Of `sources`: while there is none, no request has to be looked up among them.
    private var tombstones = 0

    /// The table of a node that has applied nothing of the journal `id`.
    public init(journal id: JournalID) {
        applied = .zero
        chain = .root(of: id)
    }

    init(applied: Revision, chain: ChainDigest, floor: Revision) {
        (self.applied, self.chain, self.floor) = (applied, chain, floor)
    }

    /// - Throws: `ApplyError.gap` or `.notOnChain`; the table is unchanged then.
    public mutating func apply(_ entry: JournalEntry) throws(ApplyError) {
        guard entry.revision == applied.next else { throw .gap(expected: applied.next, got: entry.revision) }
        guard entry.chain == entry.chainDigest(following: chain) else { throw .notOnChain(entry.revision) }
        let (kind, revision) = (entry.command.kind, entry.revision)
        switch entry.command.scope {
        case .source(let identities): for identity in identities { mark(identity.digest, kind, at: revision) }
        case .node(let folder): forgotten[folder] = revision
        // A tombstone stands on sources alone: with any other scope an erase is a hard purge.
        case let scope: mark(scope, kind == .erase ? .hardPurge : kind, at: revision)
        }
        if kind == .lift || kind == .configure { newestUnnamed = revision }
        (applied, chain) = (revision, entry.chain)
    }

    private mutating func mark(_ scope: CommandScope, _ kind: CommandKind, at revision: Revision) {
        switch scope {
        case .all: all.note(kind, at: revision)
        case .url(let digests):
            for digest in digests { urls[digest, default: Marks()].note(kind, at: revision) }
            noteView(kind, at: revision)
        case .prefix(let identities): for identity in identities { mark(prefix: identity, kind, at: revision) }
        case .tag(let tag):
            tags[tag, default: Marks()].note(kind, at: revision)
            newestUnnamed = revision
        case .site(let site):
            sites[site, default: Marks()].note(kind, at: revision)
            noteView(kind, at: revision)
        case .configuration(let change):
            configuration = AppliedConfiguration(revision: revision, document: change.document)
            for storage in change.revokedStorages {
                mark(prefix: SourceIdentity(storage: storage, key: ""), kind, at: revision)
            }
            for site in change.revokedSites { sites[site, default: Marks()].note(kind, at: revision) }
            if !change.revokedSites.isEmpty { noteView(kind, at: revision) }
        case .source, .node: break
        }
    }

    private mutating func noteView(_ kind: CommandKind, at revision: Revision) {
        if kind == .hardPurge || kind == .configure { newestHardOfAnyView = revision }
    }

    private mutating func mark(_ source: Digest128, _ kind: CommandKind, at revision: Revision) {
        var marks = sources[source] ?? Marks()
        let before = marks.tombstone == nil ? 0 : 1
        marks.note(kind, at: revision)
        tombstones += (marks.tombstone == nil ? 0 : 1) - before
        // A lift of what was never erased, or of what lies below the floor, leaves nothing to remember.
        sources[source] = marks == Marks() ? nil : marks
    }

    private mutating func mark(prefix: SourceIdentity, _ kind: CommandKind, at revision: Revision) {
        prefixes.update(prefix.matchBytes, default: Marks()) { $0.note(kind, at: revision) }
    }

    /// May an object with this scope, filled at this revision, answer?
    public func verdict(on scope: ObjectScope, filledAt fill: Revision) -> Verdict {
        if fill < floor { return .refused(by: floor) }
        let marks = marks(matching: scope)
        if marks.hard > fill { return .refused(by: marks.hard) }
        if marks.soft > fill { return .stale(by: marks.soft) }
        return .valid
    }

    private func marks(matching scope: ObjectScope) -> Marks {
        var result = all
        if !sources.isEmpty {
            for source in scope.sources { if let marks = sources[source.digest] { result.include(marks) } }
        }
        if !prefixes.isEmpty {
            for source in scope.sources { prefixes.forEachPrefix(of: source.matchBytes) { result.include($0) } }
        }
        if let marks = urls[scope.url] { result.include(marks) }
        if !tags.isEmpty { for tag in scope.tags { if let marks = tags[tag] { result.include(marks) } } }
        if let marks = sites[scope.site] { result.include(marks) }
        return result
    }

    /// The erase in force on any of the places a path could reach; the answer is then 410.
    public func tombstone(on candidates: [SourceIdentity]) -> Revision? {
        guard tombstones > 0 else { return nil }
        return candidates.compactMap { sources[$0.digest]?.tombstone }.max()
    }

    /// The newest commands that could match what a request will be answered with, before it is known what that is, tags
    /// left aside.
    private func named(candidates: [SourceIdentity], urls digests: [Digest128], site: String) -> Marks {
        var result = all
        if let marks = sites[site] { result.include(marks) }
        for candidate in candidates {
            if !sources.isEmpty, let marks = sources[candidate.digest] { result.include(marks) }
            if !prefixes.isEmpty { prefixes.forEachPrefix(of: candidate.matchBytes) { result.include($0) } }
        }
        for digest in digests { if let marks = urls[digest] { result.include(marks) } }
        return result
    }

    /// How things stand for a request, all of one moment.
    public func standing(of candidates: [SourceIdentity], urls digests: [Digest128], site: String) -> Standing {
        let named = named(candidates: candidates, urls: digests, site: site)
        let newest = max(named.newest, floor)
        return Standing(
            applied: applied, floor: floor, tombstone: tombstone(on: candidates),
            newestHard: max(named.hard, floor, newestHardOfAnyView), newestMatch: newest,
            joinFrom: max(newest, newestUnnamed))
    }

    public struct Standing: Hashable, Sendable {
        /// What is made for the request is stamped with this, so that a command that comes after the look at the tombstone
        /// forbids it.
        public var applied: Revision
        /// Of this node; another may have raised its own further.
        public var floor: Revision
        public var tombstone: Revision?
        /// The newest hard command that names what the request asks for, or any URL or endpoint at all. The validators of an
        /// older copy must not go to a storage any more: "not modified" would bring back what was purged, for this request
        /// or for another that shares the copy (DESIGN §4, rule 6).
        public var newestHard: Revision
        /// The newest command that names what the request asks for. An answer must be as new as that: what was cached
        /// before may come from another place than it would now.
        public var newestMatch: Revision
        /// The newest command that could bear on the answer, those included that don't name what the request asks for (a
        /// tag, a lift, a configuration): the origin must have applied this (`minRevision`), and only a fill that began by
        /// it may be joined (DESIGN §4, rules 11 and 12).
        /// Whether an answer's own tags were purged is decided by `verdict`, when it is there.
        public var joinFrom: Revision

        public init(
            applied: Revision, floor: Revision = .zero, tombstone: Revision?, newestHard: Revision, newestMatch: Revision,
            joinFrom: Revision
        ) {
            (self.applied, self.floor, self.tombstone) = (applied, floor, tombstone)
            (self.newestHard, self.newestMatch, self.joinFrom) = (newestHard, newestMatch, joinFrom)
        }

        /// The same for a node whose floor may be higher: nothing from before that is of use to it.
        public func raised(to floor: Revision) -> Standing {
            Standing(
                applied: applied, floor: max(self.floor, floor), tombstone: tombstone, newestHard: max(newestHard, floor),
                newestMatch: max(newestMatch, floor), joinFrom: max(joinFrom, floor))
        }
    }

    /// Scopes that carry a mark.
    public var ruleCount: Int {
        sources.count + urls.count + prefixes.count + tags.count + sites.count
    }

    public enum Verdict: Hashable, Sendable {
        case valid
        /// A newer soft purge matches: revalidate.
        case stale(by: Revision)
        /// A newer hard purge or erase matches, or the object is of before the floor: never serve.
        case refused(by: Revision)
    }

    // MARK: The floor

    /// The floor to rise to when there are more than `limit` marks: about half of them go. Nil while there are not.
    /// Tombstones are not counted, because nothing drops them.
    public func floorNeeded(limit: Int) -> Revision? {
        guard ruleCount - tombstones > limit else { return nil }
        var revisions: [Revision] = []
        revisions.reserveCapacity(ruleCount)
        let note = { (marks: Marks) in if marks.newest > .zero { revisions.append(marks.newest) } }
        sources.values.forEach(note)
        urls.values.forEach(note)
        prefixes.forEach { note($1) }
        tags.values.forEach(note)
        sites.values.forEach(note)
        guard !revisions.isEmpty else { return nil }
        revisions.sort()
        return revisions[revisions.count / 2]
    }

    /// Drops the marks through `newFloor`. The caches must have that floor already, durably: an object that a dropped mark
    /// forbade must never be looked at again (DESIGN §4, rule 8).
    public mutating func raiseFloor(to newFloor: Revision) {
        guard newFloor > floor, newFloor <= applied else { return }
        floor = newFloor
        all = all.dropping(through: floor) ?? Marks()
        sources = sources.compactMapValues { $0.dropping(through: newFloor) }
        urls = urls.compactMapValues { $0.dropping(through: newFloor) }
        tags = tags.compactMapValues { $0.dropping(through: newFloor) }
        sites = sites.compactMapValues { $0.dropping(through: newFloor) }
        prefixes = prefixes.filtered { $0.dropping(through: newFloor) != nil }
        if newestUnnamed <= floor { newestUnnamed = .zero }
    }

    /// Sources under a tombstone.
    public var tombstoneCount: Int { tombstones }

    /// What follows from the marks, for a table that was read.
    mutating func recount() {
        tombstones = sources.values.count { $0.tombstone != nil }
        newestHardOfAnyView = max(urls.values.map(\.hard).max() ?? .zero, sites.values.map(\.hard).max() ?? .zero)
    }
}

/// What the last `configure` command said.
public struct AppliedConfiguration: Hashable, Sendable {
    public var revision: Revision
    public var document: String

    public init(revision: Revision, document: String) {
        self.revision = revision
        self.document = document
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
