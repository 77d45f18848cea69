import CacheProtocol
import Foundation
import Journal
import SQLStore
import Testing

/// A journal from a backup: what it says of leases is too little, and it must be noticed.
struct RestoredJournalTests {
    private let folder: TemporaryFolder
    private static let longest: UInt64 = 5_000
    private static let holder = Incarnation(life: 1)

    init() throws {
        folder = try TemporaryFolder()
    }

    private func open() async throws -> SQLiteJournal {
        try await SQLiteJournal(SQLiteConfiguration(path: folder.file("journal.sqlite")))
    }

    private func start(_ journal: SQLiteJournal, life: UInt64) async throws -> UInt64? {
        try await journal.start(folder: 7, life: life, longest: Self.longest)
    }

    private func grant(_ journal: SQLiteJournal, _ duration: UInt64 = 1_000) async throws {
        _ = try await journal.grant(duration, to: JournalConformance.node, Self.holder)
    }

    /// As an operator restores it: the database, and not what lies beside it.
    private func restore(_ backup: TemporaryFolder) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where !name.hasSuffix("-leases") {
            try FileManager.default.removeItem(atPath: folder.file(name))
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: backup.path) where !name.hasSuffix("-leases") {
            try FileManager.default.copyItem(atPath: backup.file(name), toPath: folder.file(name))
        }
    }

    @Test func oneLifeAfterTheOtherKnowsEveryLease() async throws {
        for life in 1...3 as ClosedRange<UInt64> {
            let journal = try await open()
            #expect(try await start(journal, life: life) == nil)
            for _ in 0..<3 { try await grant(journal) }
            try await journal.close()
        }
    }

    /// Nothing but the leases that were given since tells it from the journal itself.
    @Test func aBackupOfWithinTheLifeBeforeIsNoticed() async throws {
        let journal = try await open()
        #expect(try await start(journal, life: 1) == nil)
        try await grant(journal)
        let backup = try folder.copy()
        try await grant(journal, 60_000)
        try await journal.close()
        try restore(backup)
        let restored = try await open()
        // As long as the longest that was ever given, which the backup knows nothing of.
        #expect(try await start(restored, life: 2) == 60_000)
        try await restored.close()
    }

    @Test func theWaitOutlivesRestartsUntilItIsOver() async throws {
        let journal = try await open()
        #expect(try await start(journal, life: 1) == nil)
        let backup = try folder.copy()
        try await grant(journal)
        try await journal.close()
        try restore(backup)
        let restored = try await open()
        #expect(try await start(restored, life: 2) == Self.longest)
        try await restored.close()
        let again = try await open()
        #expect(try await start(again, life: 3) == Self.longest)
        try await again.leasesAreKnown()
        try await again.close()
        let last = try await open()
        #expect(try await start(last, life: 4) == nil)
        try await last.close()
    }

    @Test func aJournalThatWasDeletedIsNoNewOne() async throws {
        let journal = try await open()
        #expect(try await start(journal, life: 2) == Self.longest)
        try await journal.close()
    }

    @Test(arguments: [[], [1, 2, 3], [UInt8](repeating: 0xFF, count: 20)]) func aDamagedWitnessSaysNothing(bytes: [UInt8]) async throws {
        let journal = try await open()
        #expect(try await start(journal, life: 1) == nil)
        try await grant(journal)
        try await journal.close()
        try Data(bytes).write(to: URL(fileURLWithPath: folder.file("journal.sqlite-leases")))
        let again = try await open()
        #expect(try await start(again, life: 2) == nil)
        try await again.close()
    }

    /// A strict endpoint's command waits for unknown leases as for any: nobody knows by which configuration they were given.
    @Test func noCommandIsCompletedBeforeUnknownLeasesHaveRunOut() async throws {
        let clock = ManualClock()
        let journal = try await open()
        _ = try await start(journal, life: 2)
        let desk = try await CommandDesk(
            journal: journal, configuration: CommandDeskConfiguration(lease: 2_000),
            leases: { _ in EndpointLeases(bySite: ["strict": 10], longest: 2_000) }, unknownLeases: 60_000, clock: clock)
        let entry = try await desk.submit(DeskFixture.purge("strict"), by: "test")
        #expect(try await desk.status(of: entry.revision)?.isCompleted == false)
        clock.advance(milliseconds: 60_000)
        #expect(try await desk.waitUntilCompleted(entry.revision, timeout: 0)?.isCompleted == false)
        clock.advance(milliseconds: Grant.margin(on: 60_000) + 1)
        #expect(try await desk.waitUntilCompleted(entry.revision, timeout: 10_000)?.isCompleted == true)
        await desk.stop()
    }
}
