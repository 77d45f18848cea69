import CacheProtocol
import Journal
import Testing

extension JournalConformance {
    /// Commands of every kind and scope, some of which hit the same things.
    static func history(_ count: Int, seed: UInt64) -> [Command] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { number in
            let word = "\(random.number(in: 0...40))"
            let source = SourceIdentity(storage: "s\(random.number(in: 0...2))", key: "k/\(word)")
            switch random.number(in: 0...12) {
            case 0...2: return Command(kind: .hardPurge, scope: .tag(word), label: "")
            case 3...4: return Command(kind: .softPurge, scope: .source([source]), label: word)
            case 5...6: return Command(kind: .hardPurge, scope: .url([source.digest]), sites: ["x"], label: "")
            case 7: return Command(kind: .hardPurge, scope: .prefix([source]), label: "")
            case 8: return Command(kind: .softPurge, scope: .site(word), label: "")
            case 9: return Command(kind: .erase, scope: .source([source]), label: word)
            case 10: return Command(kind: .lift, scope: .source([source]), label: word)
            case 11: return random.chance(10) ? Command(kind: .hardPurge, scope: .all, label: "everything") : purge(word)
            default:
                return random.chance(50)
                    ? configuration("document \(number)") : Command(kind: .forget, scope: .node(.max - 1), label: "")
            }
        }
    }

    private func filled(_ commands: [Command], _ journal: any Journal) async throws -> [JournalEntry] {
        let entries = try await journal.append(commands, issuedBy: "someone", at: 7)
        try await journal.complete(
            entries.map {
                Completion(revision: $0.revision, completedAt: Int64($0.revision.rawValue), outcomes: [Self.outcome(.applied)])
            })
        return entries
    }

    func theSnapshotIsTheFoldOfWhatItFolds() async throws {
        let journal = try await open()
        let seed = replayedSeed ?? .random(in: 0 ... .max)
        let entries = try await filled(Self.history(1_300, seed: seed), journal)
        let through = entries[1_199].revision
        try await journal.compact(through: through, ruleLimit: 1_000)
        var table = RuleTable(journal: journal.id)
        for entry in entries.prefix(1_200) { try table.apply(entry) }
        for reader in [journal, try await open()] {
            let snapshot = try await reader.snapshot()
            #expect(snapshot == RuleSnapshot(journal: journal.id, table: table), "VIGNETTE_SEED=\(seed)")
            // What follows builds on it.
            var joiner = try #require(snapshot).table
            let rest = try await reader.entries(after: through, limit: 1_000)
            #expect(rest == Array(entries[1_200...]))
            for entry in rest { try joiner.apply(entry) }
            #expect(try await reader.head() == JournalHead(revision: joiner.applied, chain: joiner.chain))
        }
    }

    func foldingKeepsTheAuditTrailAndEveryDigest() async throws {
        let journal = try await open()
        let seed = replayedSeed ?? .random(in: 0 ... .max)
        let entries = try await filled(Self.history(1_300, seed: seed), journal)
        let through = entries[1_199].revision
        try await journal.compact(through: through, ruleLimit: 1_000)
        let audited: Set<CommandKind> = [.erase, .lift, .configure, .forget, .declareDead]
        for reader in [journal, try await open()] {
            for entry in entries { #expect(try await reader.chain(at: entry.revision) == entry.chain) }
            let records = try await reader.records(of: .zero...Revision(rawValue: .max))
            #expect(records.map(\.entry.revision) == entries.map(\.revision))
            for (record, entry) in zip(records, entries) {
                let isWhole = entry.revision > through || audited.contains(entry.command.kind)
                #expect(record.isFolded != isWhole)
                #expect(isWhole == (record.entry == entry), "VIGNETTE_SEED=\(seed)")
                #expect(record.entry.command.kind == entry.command.kind && record.entry.chain == entry.chain)
                #expect(record.entry.issuedAt == 7 && record.entry.issuedBy == "someone")
            }
            let completions = try await reader.completions(of: .zero...Revision(rawValue: .max))
            #expect(completions.map(\.completedAt) == entries.map { Int64($0.revision.rawValue) })
            for (completion, entry) in zip(completions, entries) where audited.contains(entry.command.kind) {
                #expect(completion.outcomes == [Self.outcome(.applied)])
            }
            // The last that is folded is where a follower may stand.
            await #expect(throws: JournalError.folded) {
                try await reader.entries(after: entries[1_198].revision, limit: 1)
            }
            #expect(try await reader.entries(after: through, limit: 1) == [entries[1_200]])
        }
    }

    /// In one step or in many, with a restart or an end in the middle, and over the cap.
    func foldingIsTheSameInManySteps() async throws {
        let journal = try await open()
        let seed = replayedSeed ?? .random(in: 0 ... .max)
        let entries = try await filled(Self.history(2_000, seed: seed), journal)
        var random = SeededGenerator(seed: seed)
        let limit = 60
        var table = RuleTable(journal: journal.id)
        for entry in entries {
            try table.apply(entry)
            if let floor = table.floorNeeded(limit: limit) { table.raiseFloor(to: floor) }
        }
        #expect(table.floor > .zero)
        var through: UInt64 = 0
        while through < 2_000 {
            through = min(2_000, through + random.number(in: 1...700))
            let next = Revision(rawValue: through)
            let other = try await open()
            let ending = Task { try await other.compact(through: next, ruleLimit: limit) }
            if random.chance(50) { ending.cancel() }
            _ = await ending.result
            try await other.compact(through: Revision(rawValue: through / 2), ruleLimit: limit)
        }
        try await journal.compact(through: Revision(rawValue: through), ruleLimit: limit)
        let expected = RuleSnapshot(journal: journal.id, table: table)
        #expect(try await journal.snapshot() == expected, "VIGNETTE_SEED=\(seed)")
        let left = try await journal.records(of: .zero...Revision(rawValue: .max)).filter { !$0.isFolded }
        #expect(left.allSatisfy { ![.hardPurge, .softPurge].contains($0.entry.command.kind) })
    }

    func whatIsNotCompletedIsNotFolded() async throws {
        let journal = try await open()
        let entries = try await journal.append((1...5).map { Self.purge("\($0)") }, issuedBy: "", at: 0)
        for number in [1, 2, 4, 5] as [UInt64] {
            try await journal.complete(Revision(rawValue: number), outcomes: [], at: 1)
        }
        for number in [3, 5, 6] as [UInt64] {
            await #expect(throws: JournalError.self) {
                try await journal.compact(through: Revision(rawValue: number), ruleLimit: 10)
            }
        }
        #expect(try await journal.entries(after: .zero, limit: 10) == entries)
        try await journal.compact(through: Revision(rawValue: 2), ruleLimit: 10)
        #expect(try await journal.snapshot()?.revision == Revision(rawValue: 2))
        #expect(try await journal.pending() == [entries[2]])
    }
}
