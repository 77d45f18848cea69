import CacheProtocol
import Testing

/// The folded table against the plain list of all commands that it stands for.
struct RuleTableTests {
    private struct Model {
        var commands: [(revision: Revision, command: Command)] = []
        var floor = Revision.zero

        static func matches(_ scope: CommandScope, _ object: ObjectScope) -> Bool {
            switch scope {
            case .all: true
            case .url(let digests): digests.contains(object.url)
            case .source(let sources): sources.contains { object.sources.contains($0) }
            case .tag(let tag): object.tags.contains(tag)
            case .site(let site): object.site == site
            case .prefix(let prefixes):
                object.sources.contains { source in
                    prefixes.contains { $0.storage == source.storage && source.key.utf8.starts(with: $0.key.utf8) }
                }
            case .configuration(let change):
                change.revokedSites.contains(object.site)
                    || object.sources.contains { change.revokedStorages.contains($0.storage) }
            case .node: false
            }
        }

        func verdict(on object: ObjectScope, filledAt fill: Revision) -> RuleTable.Verdict {
            if fill < floor { return .refused(by: floor) }
            let newer = commands.filter { $0.revision > fill && Self.matches($0.command.scope, object) }
            if let hard = newer.last(where: { [.hardPurge, .erase, .configure].contains($0.command.kind) }) {
                return .refused(by: hard.revision)
            }
            if let soft = newer.last(where: { $0.command.kind == .softPurge }) { return .stale(by: soft.revision) }
            return .valid
        }

        func tombstone(on candidates: [SourceIdentity]) -> Revision? {
            candidates.compactMap { source in
                commands.last {
                    guard case .source(let sources) = $0.command.scope else { return false }
                    return sources.contains(source) && [.erase, .lift].contains($0.command.kind)
                }.flatMap { $0.command.kind == .erase ? $0.revision : nil }
            }.max()
        }
    }

    private static let sources = ["a", "ab", "abc", "b/c", "é"].map { SourceIdentity(storage: "s", key: $0) }
        + [SourceIdentity(storage: "st", key: "a")]
    private static let prefixes = ["", "a", "ab", "abd", "b/", "b/c/", "\u{c3}"].map { SourceIdentity(storage: "s", key: $0) }
        + [SourceIdentity(storage: "s", key: "")]
    private static let urls = (0..<3).map { Digest128(high: 0, low: $0) }
    private static let words = ["", "a", "b"]

    private static func some<Element>(of all: [Element], _ generator: inout SeededGenerator) -> [Element] {
        all.filter { _ in generator.flag() }
    }

    private static func object(_ generator: inout SeededGenerator) -> ObjectScope {
        ObjectScope(
            sources: some(of: sources, &generator), url: urls.randomElement(using: &generator) ?? urls[0],
            tags: some(of: words, &generator), site: words.randomElement(using: &generator) ?? "")
    }

    private static func command(_ generator: inout SeededGenerator) -> Command {
        let scope: CommandScope =
            switch generator.next() % 12 {
            case 0: .all
            case 1, 2: .url(some(of: urls, &generator))
            case 3, 4, 5: .source(some(of: sources, &generator))
            case 9, 10: .prefix(some(of: prefixes, &generator))
            case 11:
                .configuration(
                    ConfigurationChange(
                        document: "\(generator.next())", revokedStorages: some(of: ["s", "st"], &generator),
                        revokedSites: some(of: words, &generator)))
            case 6, 7: .tag(words.randomElement(using: &generator) ?? "")
            default: .site(words.randomElement(using: &generator) ?? "")
            }
        if case .configuration = scope { return Command(kind: .configure, scope: scope, label: "") }
        return Command(kind: CommandKind.allCases.randomElement(using: &generator) ?? .lift, scope: scope, label: "")
    }

    @Test func theTableSaysWhatTheListOfCommandsSays() {
        withSeeds(200) { generator in
            let journal = JournalID(generator.digest())
            var table = RuleTable(journal: journal)
            var model = Model()
            for number in 1...30 as ClosedRange<UInt64> {
                let entry = JournalEntry(
                    revision: Revision(rawValue: number), command: Self.command(&generator), issuedAt: 0, issuedBy: "",
                    following: table.chain)
                try table.apply(entry)
                model.commands.append((entry.revision, entry.command))
                if generator.next() % 8 == 0 {
                    let floor = Revision(rawValue: generator.next() % (number + 1))
                    table.raiseFloor(to: floor)
                    model.floor = max(model.floor, floor)
                }
                // On the wire and back it is the same table.
                if generator.next() % 4 == 0 {
                    let snapshot = RuleSnapshot(journal: journal, table: table)
                    table = try RuleSnapshot(wireBytes: snapshot.wireBytes).table
                    try expectEqual(RuleSnapshot(journal: journal, table: table), snapshot, "the snapshot of what it gave")
                }
                for _ in 0..<5 {
                    let object = Self.object(&generator)
                    let fill = Revision(rawValue: generator.next() % (number + 2))
                    let verdict = model.verdict(on: object, filledAt: fill)
                    try expectEqual(
                        table.verdict(on: object, filledAt: fill), verdict, "verdict on \(object) at \(fill)")
                    let candidates = Self.some(of: Self.sources, &generator)
                    try expectEqual(table.tombstone(on: candidates), model.tombstone(on: candidates), "tombstone")
                    // A fill from before the newest match could be what a command forbids.
                    let standing = table.standing(of: object.sources, urls: [object.url], site: object.site)
                    if verdict != .valid, standing.joinFrom <= fill {
                        throw Mismatch(description: "\(standing) misses a command after \(fill) on \(object)")
                    }
                    if case .refused = model.verdict(on: object, filledAt: fill), object.tags.isEmpty,
                        standing.newestHard <= fill
                    {
                        throw Mismatch(description: "\(standing) would let an old validator of \(fill) revive \(object)")
                    }
                    // Without tags it is known beforehand.
                    var untagged = object
                    untagged.tags = []
                    if model.verdict(on: untagged, filledAt: fill) != .valid, standing.newestMatch <= fill {
                        throw Mismatch(description: "\(standing) misses a command after \(fill) on \(untagged)")
                    }
                }
            }
        }
    }

    @Test func overTheCapTheOlderHalfGoesAndWhatWasFilledBeforeIsRefused() throws {
        var table = RuleTable(journal: .random())
        for number in 1...10 as ClosedRange<UInt64> {
            try table.apply(
                JournalEntry(
                    revision: Revision(rawValue: number),
                    command: Command(
                        kind: number == 1 ? .erase : .hardPurge,
                        scope: .source([SourceIdentity(storage: "s", key: "\(number)")]), label: ""),
                    issuedAt: 0, issuedBy: "", following: table.chain))
        }
        #expect(table.floorNeeded(limit: 9) == nil, "a tombstone is no rule that could be dropped")
        let floor = try #require(table.floorNeeded(limit: 8))
        table.raiseFloor(to: floor)
        #expect(table.ruleCount < 8)
        #expect(table.tombstone(on: [SourceIdentity(storage: "s", key: "1")]) == Revision(rawValue: 1))
        let untouched = ObjectScope(sources: [SourceIdentity(storage: "s", key: "other")], url: Digest128(high: 0, low: 0))
        #expect(table.verdict(on: untouched, filledAt: Revision(rawValue: floor.rawValue - 1)) == .refused(by: floor))
        #expect(table.verdict(on: untouched, filledAt: floor) == .valid)
        let purged = ObjectScope(sources: [SourceIdentity(storage: "s", key: "10")], url: Digest128(high: 0, low: 0))
        #expect(table.verdict(on: purged, filledAt: floor) == .refused(by: Revision(rawValue: 10)))
    }

    private func entry(_ number: UInt64, after chain: ChainDigest, _ kind: CommandKind = .hardPurge) -> JournalEntry {
        JournalEntry(
            revision: Revision(rawValue: number), command: Command(kind: kind, scope: .all, label: ""), issuedAt: 0,
            issuedBy: "", following: chain)
    }

    @Test func gapsAndOtherHistoriesAreRefusedAndChangeNothing() throws {
        var table = RuleTable(journal: .random())
        try table.apply(entry(1, after: table.chain))
        let applied = table.applied
        let chain = table.chain
        #expect(throws: ApplyError.gap(expected: Revision(rawValue: 2), got: Revision(rawValue: 3))) {
            try table.apply(entry(3, after: chain))
        }
        #expect(throws: ApplyError.notOnChain(Revision(rawValue: 2))) {
            try table.apply(entry(2, after: .root(of: .random())))
        }
        var forged = entry(2, after: chain)
        forged.command.kind = .lift
        #expect(throws: ApplyError.notOnChain(Revision(rawValue: 2))) { try table.apply(forged) }
        #expect(table.applied == applied)
        #expect(table.chain == chain)
    }

    @Test func aLiftLeavesThePurge() throws {
        let source = SourceIdentity(storage: "s", key: "k")
        let object = ObjectScope(sources: [source], url: Digest128(high: 1, low: 1))
        let book = RuleBook(RuleTable(journal: .random()))
        var chain = book.position.chain
        for (number, kind) in [(1, CommandKind.erase), (2, .lift)] as [(UInt64, CommandKind)] {
            let entry = JournalEntry(
                revision: Revision(rawValue: number), command: Command(kind: kind, scope: .source([source]), label: ""),
                issuedAt: 0, issuedBy: "", following: chain)
            try book.apply([entry])
            chain = entry.chain
            #expect(book.tombstone(on: [source]) == (kind == .erase ? Revision(rawValue: 1) : nil))
        }
        #expect(book.check(object, filledAt: .zero).verdict == .refused(by: Revision(rawValue: 1)))
        #expect(book.check(object, filledAt: Revision(rawValue: 1)).verdict == .valid)
    }

    /// The fill that began before may have been refused by an origin that had not applied the command yet.
    @Test(arguments: [CommandKind.lift, .configure]) func aFillFromBeforeALiftOrAConfigurationIsJoinedByNobody(_ kind: CommandKind) throws {
        let source = SourceIdentity(storage: "s", key: "k")
        var table = RuleTable(journal: .random())
        func standing() -> RuleTable.Standing {
            table.standing(of: [source], urls: [Digest128(high: 1, low: 1)], site: "s")
        }
        try table.apply(
            JournalEntry(
                revision: Revision(rawValue: 1), command: Command(kind: .erase, scope: .source([source]), label: ""),
                issuedAt: 0, issuedBy: "", following: table.chain))
        let before = standing().joinFrom
        let scope = kind == .lift ? CommandScope.source([source]) : .configuration(ConfigurationChange(document: "{}"))
        try table.apply(
            JournalEntry(
                revision: Revision(rawValue: 2), command: Command(kind: kind, scope: scope, label: ""), issuedAt: 0,
                issuedBy: "", following: table.chain))
        #expect(before == Revision(rawValue: 1) && standing().joinFrom == Revision(rawValue: 2))
        #expect(standing().newestMatch == Revision(rawValue: 1), "what was cached meanwhile may answer")
        table.raiseFloor(to: Revision(rawValue: 2))
        #expect(standing().joinFrom == Revision(rawValue: 2))
    }

    @Test func aBookTakesWhatItHasAlreadyAndStopsAtWhatDoesNotFollow() throws {
        let book = RuleBook(RuleTable(journal: .random()))
        let first = entry(1, after: book.position.chain)
        let second = entry(2, after: first.chain)
        try book.apply([first])
        try book.apply([first, second])
        #expect(book.applied == Revision(rawValue: 2))
        #expect(throws: ApplyError.self) { try book.apply([entry(4, after: second.chain)]) }
        #expect(book.position.chain == second.chain)
    }
}
