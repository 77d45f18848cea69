import CacheProtocol
import Journal
import Testing

/// What every implementation of `Journal` must do. An implementation's tests call each of these with a way to open it.
struct JournalConformance {
    /// Opens the same journal again at each call, as a new process would.
    var open: () async throws -> any Journal

    static let node = NodeIdentity(name: "edge-1", folder: 0xFFFF_FFFF_FFFF_FFF1, role: .edge)
    static let other = NodeIdentity(name: "edge-1", folder: 2, role: .origin)

    static func purge(_ word: String) -> Command {
        Command(kind: .hardPurge, scope: .tag(word), label: word)
    }

    static func configuration(_ document: String) -> Command {
        Command(kind: .configure, scope: .configuration(ConfigurationChange(document: document)), label: "")
    }

    static func outcome(_ reason: NodeOutcome.Reason) -> NodeOutcome {
        NodeOutcome(node: node, incarnation: Incarnation(rawValue: .max), reason: reason, at: 17)
    }

    func startsEmptyWithItsOwnRoot() async throws {
        let journal = try await open()
        let head = try await journal.head()
        #expect(head == JournalHead(revision: .zero, chain: .root(of: journal.id)))
        #expect(try await journal.chain(at: .zero) == head.chain)
        #expect(try await journal.chain(at: Revision(rawValue: 1)) == nil)
        #expect(try await journal.chain(at: Revision(rawValue: .max)) == nil)
        #expect(try await journal.entries(after: .zero, limit: 10).isEmpty)
        #expect(try await journal.pending().isEmpty)
        #expect(try await journal.members().isEmpty)
        #expect(try await journal.grants().isEmpty)
        #expect(try await journal.append([], issuedBy: "", at: 0).isEmpty)
        #expect(try await journal.completedConfiguration() == nil)
        #expect(try await journal.unremoved().isEmpty)
        #expect(try await journal.snapshot() == nil)
    }

    func appendsOnTheChainAndIsReadBackByAnother() async throws {
        let journal = try await open()
        let source = SourceIdentity(storage: "s", key: "ü/\u{1F5BC}")
        let commands = [
            Self.purge("a"), Command(kind: .erase, scope: .source([source]), label: "e"),
            Command(kind: .softPurge, scope: .url([Digest128(high: .max, low: 0)]), label: ""),
            Command(kind: .lift, scope: .site("x"), label: "l"), Command(kind: .hardPurge, scope: .all, label: "all"),
        ]
        var table = RuleTable(journal: journal.id)
        var appended: [JournalEntry] = []
        for (index, command) in commands.enumerated() {
            let entry = try await journal.append(command, issuedBy: "tester", at: Int64(index) - 1)
            #expect(entry.command == command && entry.issuedBy == "tester" && entry.issuedAt == Int64(index) - 1)
            try table.apply(entry)
            appended.append(entry)
        }
        for reader in [journal, try await open()] {
            #expect(reader.id == journal.id)
            #expect(try await reader.entries(after: .zero, limit: 100) == appended)
            #expect(try await reader.entries(after: Revision(rawValue: 1), limit: 2) == Array(appended[1...2]))
            #expect(try await reader.entries(after: Revision(rawValue: 5), limit: 2).isEmpty)
            #expect(try await reader.entries(after: Revision(rawValue: .max), limit: 2).isEmpty)
            #expect(try await reader.head() == JournalHead(revision: table.applied, chain: table.chain))
            for entry in appended { #expect(try await reader.chain(at: entry.revision) == entry.chain) }
        }
    }

    func manyCommandsStandTogetherOrNotAtAll() async throws {
        let journal = try await open()
        let first = try await journal.append(Self.purge("0"), issuedBy: "", at: 0)
        let commands = (1...1_200).map { Self.purge("\($0)") }
        let entries = try await journal.append(commands, issuedBy: "bulk", at: 5)
        #expect(entries.map(\.command) == commands)
        #expect(entries.map(\.revision.rawValue) == Array(2...1_201))
        // No database takes a NUL in a text, whichever of the rows has it.
        await #expect(throws: (any Error).self) { try await journal.append(commands, issuedBy: "\0", at: 5) }
        for reader in [journal, try await open()] {
            #expect(try await reader.entries(after: .zero, limit: 5_000) == [first] + entries)
            #expect(try await reader.head() == JournalHead(revision: entries[1_199].revision, chain: entries[1_199].chain))
        }
    }

    func whatIsKeptForGoodIsFoundByItsKind() async throws {
        let journal = try await open()
        let source = SourceIdentity(storage: "s", key: "k")
        let commands = [
            Command(kind: .erase, scope: .source([source]), label: "e"), Self.purge("a"), Self.configuration("1"),
            Command(kind: .lift, scope: .source([source]), label: "l"), Self.configuration("2"), Self.configuration("3"),
        ]
        let entries = try await journal.append(commands, issuedBy: "", at: 0)
        try await journal.complete(entries[2].revision, outcomes: [], at: 1)
        try await journal.complete(entries[4].revision, outcomes: [], at: 1)
        for reader in [journal, try await open()] {
            let erased = try await reader.entries(of: [.erase, .lift], after: .zero, limit: 10)
            #expect(erased == [entries[0], entries[3]])
            #expect(try await reader.entries(of: [.erase, .lift], after: .zero, limit: 1) == [entries[0]])
            #expect(try await reader.entries(of: [.configure], after: entries[2].revision, limit: 9) == Array(entries[4...]))
            #expect(try await reader.entries(of: [.forget], after: .zero, limit: 9).isEmpty)
            #expect(try await reader.completedConfiguration() == entries[4])
            #expect(try await reader.records(of: .zero...Revision(rawValue: .max)).map(\.entry) == entries)
        }
    }

    func isGaplessUnderManyWriters() async throws {
        let journal = try await open()
        let answers = try await withThrowingTaskGroup(of: [JournalEntry].self) { group in
            for writer in 0..<8 {
                group.addTask {
                    var entries: [JournalEntry] = []
                    for number in 0..<25 {
                        entries.append(try await journal.append(Self.purge("\(writer)-\(number)"), issuedBy: "", at: 0))
                    }
                    return entries
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        // Each writer sees its own in order; all of them together are the journal.
        for entries in answers { #expect(entries.map(\.revision) == entries.map(\.revision).sorted()) }
        let all = try await journal.entries(after: .zero, limit: 1_000)
        #expect(all.map(\.revision.rawValue) == Array(1...200))
        #expect(Set(all) == Set(answers.joined()))
        var table = RuleTable(journal: journal.id)
        for entry in all { try table.apply(entry) }
        #expect(try await journal.head().chain == table.chain)
    }

    func aGrantNamesTheHeadAndIsFoundAfterARestart() async throws {
        let journal = try await open()
        let life = Incarnation(life: 1)
        let first = try await journal.grant(10_000, to: Self.node, life)
        #expect(first == Grant(head: .zero, duration: 10_000))
        _ = try await journal.append(Self.purge("a"), issuedBy: "", at: 0)
        let second = try await journal.grant(.max >> 1, to: Self.node, life)
        #expect(second == Grant(head: Revision(rawValue: 1), duration: .max >> 1))
        for reader in [journal, try await open()] {
            let grants = try await reader.grants()
            #expect(Set(grants.map(\.grant)) == [first, second])
            #expect(Set(grants.map(\.serial)).count == 2)
            #expect(grants.allSatisfy { $0.node == Self.node && $0.incarnation == life })
        }
        let old = try await journal.grants().filter { $0.grant == first }.map(\.serial)
        try await journal.forget(old)
        #expect(try await journal.grants().map(\.grant) == [second])
    }

    /// A grant and an append are one before the other: whoever reads the grants after r committed finds every grant
    /// that names a head below r.
    func grantsAndAppendsAreSerial() async throws {
        let journal = try await open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<6 {
                let node = NodeIdentity(name: "n\(number)", folder: UInt64(number), role: .edge)
                let life = Incarnation(life: 1)
                group.addTask {
                    for _ in 0..<15 {
                        let before = try await journal.head().revision
                        let grant = try await journal.grant(1_000, to: node, life)
                        let after = try await journal.head().revision
                        #expect(before <= grant.head && grant.head <= after)
                    }
                }
            }
            group.addTask {
                for _ in 0..<30 {
                    let revision = try await journal.append(Self.purge("x"), issuedBy: "", at: 0).revision
                    let below = Set(try await journal.grants().filter { $0.grant.head < revision }.map(\.serial))
                    let later = Set(try await journal.grants().filter { $0.grant.head < revision }.map(\.serial))
                    #expect(below == later, "a grant of a head below \(revision) was committed after it")
                }
            }
            try await group.waitForAll()
        }
    }

    func aLaterLifeEndsTheEarlierOneOfItsFolderOnly() async throws {
        let journal = try await open()
        let first = Incarnation(life: 1)
        let second = Incarnation(life: 2)
        let neighbour = Incarnation(life: 1)
        #expect(try await journal.endOthers(than: first, of: Self.node).isEmpty)
        #expect(try await journal.endOthers(than: first, of: Self.node).isEmpty)
        #expect(try await journal.endOthers(than: neighbour, of: Self.other).isEmpty)
        _ = try await journal.grant(1_000, to: Self.node, first)
        _ = try await journal.grant(1_000, to: Self.other, neighbour)
        #expect(try await journal.endOthers(than: second, of: Self.node) == [first])
        #expect(try await journal.grants().map(\.incarnation) == [neighbour])
        // What the earlier life had still on its way is refused, now and after a restart.
        for reader in [journal, try await open()] {
            await #expect(throws: JournalError.superseded) { try await reader.grant(1_000, to: Self.node, first) }
            await #expect(throws: JournalError.superseded) { try await reader.endOthers(than: first, of: Self.node) }
        }
        _ = try await journal.grant(1_000, to: Self.node, second)
        #expect(try await journal.grants().count == 2)
    }

    func whoHasLeftHoldsNothing() async throws {
        let journal = try await open()
        let first = Incarnation(life: 1)
        _ = try await journal.grant(1_000, to: Self.node, first)
        try await journal.end(first)
        #expect(try await journal.grants().isEmpty)
        #expect(try await journal.members() == [StoredMember(node: Self.node, incarnation: first, hasLeft: true)])
        await #expect(throws: JournalError.superseded) { try await journal.grant(1_000, to: Self.node, first) }
        await #expect(throws: JournalError.superseded) { try await journal.endOthers(than: first, of: Self.node) }
        let renamed = NodeIdentity(name: "renamed", folder: Self.node.folder, role: .edge)
        let second = Incarnation(life: 2)
        #expect(try await journal.endOthers(than: second, of: renamed) == [first])
        #expect(try await journal.members() == [StoredMember(node: renamed, incarnation: second, hasLeft: false)])
    }

    func aCompletionIsWrittenOnce() async throws {
        let journal = try await open()
        for word in ["a", "b", "c"] { _ = try await journal.append(Self.purge(word), issuedBy: "", at: 0) }
        let two = Revision(rawValue: 2)
        #expect(try await journal.completion(of: two) == nil)
        let outcomes = NodeOutcome.Reason.allCases.map(Self.outcome)
        try await journal.complete(two, outcomes: outcomes, at: 99)
        try await journal.complete(two, outcomes: [], at: 100)
        for reader in [journal, try await open()] {
            let expected = Completion(revision: two, completedAt: 99, outcomes: outcomes)
            #expect(try await reader.completion(of: two) == expected)
            #expect(try await reader.completions(of: .zero...Revision(rawValue: .max)) == [expected])
            #expect(try await reader.pending().map(\.revision.rawValue) == [1, 3])
        }
    }
}
