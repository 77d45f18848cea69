import CacheProtocol
import Journal
import SQLStore
import Testing

/// Databases that earlier versions made.
struct JournalMigrationTests {
    private let folder: TemporaryFolder
    private let node = NodeIdentity(name: "edge-1", folder: 5, role: .edge)

    init() throws {
        folder = try TemporaryFolder()
    }

    /// The tables of version 1 with its two schema steps, and in them what it wrote.
    private func makeOld(_ commands: [Command]) async throws -> (id: JournalID, entries: [JournalEntry]) {
        let database = try SQLiteDatabase(SQLiteConfiguration(path: folder.file("journal.sqlite")))
        let id = JournalID.random()
        var entries: [JournalEntry] = []
        var chain = ChainDigest.root(of: id)
        for (index, command) in commands.enumerated() {
            let entry = JournalEntry(
                revision: Revision(rawValue: UInt64(index) + 1), command: command, issuedAt: 3, issuedBy: "ann",
                following: chain)
            entries.append(entry)
            chain = entry.chain
        }
        let (written, head) = (entries, chain)
        try await database.write(.synced) { [node] connection in
            for statement in Self.schema { try connection.execute(statement, []) }
            try connection.execute(
                "INSERT INTO journal (only_row, id, head, chain) VALUES (1, $1, $2, $3)",
                [.bytes(id.wireBytes), .integer(Int64(written.count)), .bytes(head.bytes)])
            for entry in written {
                try connection.execute(
                    """
                    INSERT INTO entries (revision, command, issued_at, issued_by, chain, is_pending)
                    VALUES ($1, $2, 3, 'ann', $3, $4)
                    """,
                    [
                        .bits(entry.revision.rawValue), .bytes(entry.command.wireBytes), .bytes(entry.chain.bytes),
                        .integer(entry.revision.rawValue == UInt64(written.count) ? 1 : 0),
                    ])
            }
            try connection.execute(
                "INSERT INTO members (folder, name, role, incarnation, has_left) VALUES ($1, $2, 2, $3, 0)",
                [.bits(node.folder), .text(node.name), .bits(Incarnation(life: 1).rawValue)])
        }
        try await database.close()
        return (id, entries)
    }

    private static let schema = [
        "CREATE TABLE schema_steps (name TEXT PRIMARY KEY NOT NULL)",
        "INSERT INTO schema_steps (name) VALUES ('journal-1'), ('journal-2')",
        """
        CREATE TABLE journal (
            only_row BIGINT PRIMARY KEY NOT NULL CHECK (only_row = 1),
            id BYTEA NOT NULL, head BIGINT NOT NULL, chain BYTEA NOT NULL)
        """,
        """
        CREATE TABLE entries (
            revision BIGINT PRIMARY KEY NOT NULL, command BYTEA NOT NULL, issued_at BIGINT NOT NULL,
            issued_by TEXT NOT NULL, chain BYTEA NOT NULL, is_pending BIGINT NOT NULL)
        """,
        "CREATE INDEX pending_entries ON entries (revision) WHERE is_pending = 1",
        """
        CREATE TABLE members (
            folder BIGINT PRIMARY KEY NOT NULL, name TEXT NOT NULL, role BIGINT NOT NULL,
            incarnation BIGINT NOT NULL, has_left BIGINT NOT NULL)
        """,
        """
        CREATE TABLE grants (
            serial BIGINT PRIMARY KEY NOT NULL, folder BIGINT NOT NULL REFERENCES members (folder),
            incarnation BIGINT NOT NULL, head BIGINT NOT NULL, duration BIGINT NOT NULL)
        """,
        """
        CREATE TABLE completions (
            revision BIGINT PRIMARY KEY NOT NULL REFERENCES entries (revision),
            completed_at BIGINT NOT NULL, outcomes BYTEA NOT NULL)
        """,
        """
        CREATE TABLE origin_start (
            only_row BIGINT PRIMARY KEY NOT NULL CHECK (only_row = 1),
            folder BIGINT NOT NULL, life BIGINT NOT NULL)
        """,
    ]

    @Test func aJournalOfBeforeIsReadWhole() async throws {
        let source = SourceIdentity(storage: "s", key: "old.jpg")
        var commands = (0..<2_500).map { JournalConformance.purge("\($0)") }
        commands[7] = Command(kind: .erase, scope: .source([source]), label: "")
        commands[2_400] = Command(kind: .lift, scope: .source([source]), label: "")
        let (id, entries) = try await makeOld(commands)
        for _ in 1...2 {
            let journal = try await SQLiteJournal(SQLiteConfiguration(path: folder.file("journal.sqlite")))
            #expect(journal.id == id)
            #expect(try await journal.entries(after: .zero, limit: 9_999) == entries)
            #expect(try await journal.entries(of: [.erase, .lift], after: .zero, limit: 9) == [entries[7], entries[2_400]])
            #expect(try await journal.pending() == [entries[2_499]])
            #expect(try await journal.unremoved() == [entries[7]])
            try await journal.close()
        }
    }

    /// Members did not report then, so nobody can say that the bytes are gone, nor wait for a word.
    @Test func whatWasErasedBeforeMembersReportedStaysUnproven() async throws {
        _ = try await makeOld([JournalConformance.erase("old.jpg"), JournalConformance.purge("x")])
        let journal = try await SQLiteJournal(SQLiteConfiguration(path: folder.file("journal.sqlite")))
        let desk = try await CommandDesk(journal: journal, clock: ManualClock())
        let old = try #require(try await desk.waitUntilRemoved(Revision(rawValue: 1), timeout: 60_000))
        #expect(old.nodes.map(\.state) == [.unproven(nil)])
        let revision = try await desk.submit(JournalConformance.erase("new.jpg"), by: "").revision
        let new = try #require(try await desk.removal(of: revision))
        #expect(new.nodes.map(\.state) == [.pending] && !new.isRemoved)
    }
}
