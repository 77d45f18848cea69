import CacheProtocol
import Foundation
import Journal
import SQLStore
import Testing

struct SQLiteJournalTests {
    private let folder: TemporaryFolder
    private let suite: JournalConformance

    init() throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        suite = JournalConformance { try await SQLiteJournal(SQLiteConfiguration(path: folder.file("journal.sqlite"))) }
    }

    @Test func startsEmptyWithItsOwnRoot() async throws { try await suite.startsEmptyWithItsOwnRoot() }
    @Test func appendsOnTheChain() async throws { try await suite.appendsOnTheChainAndIsReadBackByAnother() }
    @Test func isGaplessUnderManyWriters() async throws { try await suite.isGaplessUnderManyWriters() }
    @Test func aGrantNamesTheHead() async throws { try await suite.aGrantNamesTheHeadAndIsFoundAfterARestart() }
    @Test func grantsAndAppendsAreSerial() async throws { try await suite.grantsAndAppendsAreSerial() }
    @Test func aLaterLifeEndsTheEarlierOne() async throws {
        try await suite.aLaterLifeEndsTheEarlierOneOfItsFolderOnly()
    }
    @Test func whoHasLeftHoldsNothing() async throws { try await suite.whoHasLeftHoldsNothing() }
    @Test func aCompletionIsWrittenOnce() async throws { try await suite.aCompletionIsWrittenOnce() }
    @Test func manyCommandsStandTogether() async throws { try await suite.manyCommandsStandTogetherOrNotAtAll() }
    @Test func whatIsKeptIsFoundByItsKind() async throws { try await suite.whatIsKeptForGoodIsFoundByItsKind() }
    @Test func aMemberKnowsSinceWhen() async throws { try await suite.aMemberKnowsSinceWhenItIsOne() }
    @Test func whoIsForgotten() async throws { try await suite.whoIsForgottenKeepsItsLeasesAndIsReadmitted() }
    @Test func whoIsDeclaredDead() async throws { try await suite.whoIsDeclaredDeadHoldsNothingAndMayJoinAgain() }
    @Test func aReportStays() async throws { try await suite.aReportStaysAsItWasFirstTold() }
    @Test func anEraseIsMarkedRemovedOnce() async throws { try await suite.anEraseIsMarkedRemovedOnce() }
    @Test func theSnapshotIsTheFold() async throws { try await suite.theSnapshotIsTheFoldOfWhatItFolds() }
    @Test func foldingKeepsTheAuditTrail() async throws { try await suite.foldingKeepsTheAuditTrailAndEveryDigest() }
    @Test func foldingIsTheSameInManySteps() async throws { try await suite.foldingIsTheSameInManySteps() }
    @Test func whatIsNotCompletedIsNotFolded() async throws { try await suite.whatIsNotCompletedIsNotFolded() }

    private func open(_ folder: TemporaryFolder) async throws -> SQLiteJournal {
        try await SQLiteJournal(SQLiteConfiguration(path: folder.file("journal.sqlite")))
    }

    /// The files as a killed process leaves them, after every single call.
    @Test func whatWasAnsweredIsThereAfterAKill() async throws {
        let journal = try await open(folder)
        let life = Incarnation(life: 1)
        for number in 1...12 as ClosedRange<UInt64> {
            let revision = Revision(rawValue: number)
            let entry = try await journal.append(JournalConformance.purge("\(number)"), issuedBy: "", at: 0)
            let grant = try await journal.grant(1_000, to: JournalConformance.node, life)
            try await journal.complete(revision, outcomes: [], at: 1)
            let copy = try folder.copy()
            let survivor = try await open(copy)
            #expect(try await survivor.head() == JournalHead(revision: revision, chain: entry.chain))
            #expect(try await survivor.grants().contains { $0.grant == grant })
            #expect(try await survivor.completion(of: revision) != nil)
            #expect(try await survivor.pending().isEmpty)
            withExtendedLifetime(copy) {}
        }
    }

    @Test func aDatabaseOfANewerVersionIsRefusedByName() async throws {
        let database = try SQLiteDatabase(SQLiteConfiguration(path: folder.file("journal.sqlite")))
        try await database.migrate([SQLMigration("from-the-future", [])])
        let error = await #expect(throws: SQLError.self) { try await SQLiteJournal(database, witnessPath: folder.path + "/witness") }
        #expect(error?.code == .newer)
        #expect(error?.description.contains("from-the-future") == true)
    }

    @Test func aFileThatIsNoDatabaseIsRefusedByName() async throws {
        let path = folder.file("journal.sqlite")
        try Data(repeating: 7, count: 8_192).write(to: URL(fileURLWithPath: path))
        let error = await #expect(throws: SQLError.self) { try await SQLiteJournal(SQLiteConfiguration(path: path)) }
        #expect(error?.code == .damaged)
        #expect(error?.description.contains(path) == true)
    }
}
