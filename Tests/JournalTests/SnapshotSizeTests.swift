import CacheProtocol
import Testing

@testable import Journal

struct SnapshotSizeTests {
    private let journal = JournalID.random()

    private func table(_ commands: [Command]) throws -> RuleTable {
        var table = RuleTable(journal: journal)
        for command in commands {
            try table.apply(
                JournalEntry(
                    revision: table.applied.next, command: command, issuedAt: 0, issuedBy: "", following: table.chain))
        }
        return table
    }

    /// Few marks may be long; a node that can't read the snapshot could never join.
    @Test func aSnapshotThatIsTooLongRaisesItsFloor() throws {
        let long = (0..<60).map { JournalConformance.purge("\($0)" + String(repeating: "x", count: 1_000)) }
        let source = SourceIdentity(storage: "s", key: "erased")
        let erase = Command(kind: .erase, scope: .source([source]), label: "")
        let whole = RuleSnapshot(journal: journal, table: try table([erase] + long))
        #expect(whole.wireBytes.count > 60_000)
        let fitting = whole.fitting(20_000)
        #expect(fitting.wireBytes.count <= 20_000)
        #expect(fitting.table.floor > .zero && fitting.table.ruleCount > 5)
        #expect(fitting.table.tombstone(on: [source]) == Revision(rawValue: 1))
        #expect(fitting == whole.fitting(20_000))
        #expect(whole.fitting(90_000) == whole)
        // What was filled before is refused: nobody knows any more what was purged.
        let scope = ObjectScope(sources: [SourceIdentity(storage: "s", key: "k")], url: source.digest, tags: [])
        #expect(fitting.table.verdict(on: scope, filledAt: .zero) != .valid)
        #expect(fitting.table.verdict(on: scope, filledAt: fitting.revision) == .valid)
    }

    @Test func whatCannotGoStays() throws {
        let erases = (0..<50).map { JournalConformance.erase("\($0)") }
        let whole = RuleSnapshot(journal: journal, table: try table(erases))
        #expect(whole.fitting(10).table.tombstoneCount == 50)
    }

    @Test func theBoundOfACommandIsNotBelowWhatItTakes() {
        let seed = replayedSeed ?? .random(in: 0 ... .max)
        for command in JournalConformance.history(500, seed: seed) {
            let bytes = command.wireBytes.count
            #expect(command.sizeBound >= bytes && command.sizeBound < bytes + 120, "VIGNETTE_SEED=\(seed)")
        }
    }
}
