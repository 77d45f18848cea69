import SQLStore
import Testing

struct SQLiteDatabaseTests {
    private let folder: TemporaryFolder
    private let database: SQLiteDatabase

    init() async throws {
        folder = try TemporaryFolder()
        database = try SQLiteDatabase(SQLiteConfiguration(path: folder.file("test.sqlite")))
        try await database.migrate([
            SQLMigration("1", ["CREATE TABLE things (id BIGINT PRIMARY KEY NOT NULL, word TEXT, raw BYTEA)"])
        ])
    }

    private struct Refused: Error {}

    private static func insert(_ id: Int64, _ connection: any SQLConnection) throws {
        try connection.execute("INSERT INTO things (id, word) VALUES ($1, $2)", [.integer(id), .text("w")])
    }

    private func ids() async throws -> [Int64] {
        try await database.read { try $0.rows("SELECT id FROM things ORDER BY id", []).map { try $0.integer(0) } }
    }

    @Test func everyValueComesBack() async throws {
        let values: [SQLValue] = [.integer(.min), .text("é\u{1F5BC}'\""), .bytes([0, 255, 1])]
        try await database.write(.synced) {
            #expect(try $0.execute("INSERT INTO things (raw, word, id) VALUES ($3, $2, $1)", values) == 1)
            try $0.execute("INSERT INTO things (id, word, raw) VALUES ($1, $2, $3)", [.bits(.max), .null, .bytes([])])
        }
        let rows = try await database.read { try $0.rows("SELECT id, word, raw FROM things ORDER BY id", []) }
        #expect(rows.map(\.values) == [values, [.integer(-1), .null, .bytes([])]])
        #expect(try rows[1].bits(0) == .max)
        #expect(try rows[1].isNull(1))
        #expect(throws: SQLError(.damaged, "")) { try rows[1].text(0) }
        #expect(throws: SQLError(.damaged, "")) { try rows[1].integer(3) }
        #expect(throws: SQLError(.damaged, "")) { try rows[1].count(0, as: UInt8.self) }
    }

    @Test func syncedWritesAreSynced() async throws {
        let synchronous = try await database.write(.synced) { try $0.row("PRAGMA synchronous")?.integer(0) }
        #expect(synchronous == 2)
        let mode = try await database.write(.synced) { try $0.row("PRAGMA journal_mode")?.text(0) }
        #expect(mode == "wal")
    }

    @Test func aWriteThatThrowsLeavesNothingAndHarmsNobody() async throws {
        let database = database
        await withTaskGroup(of: Void.self) { group in
            for id in 0..<60 as Range<Int64> {
                group.addTask {
                    do {
                        try await database.write(id % 2 == 0 ? .synced : .flushed) { connection in
                            try Self.insert(id, connection)
                            if id % 3 == 0 { throw Refused() }
                        }
                        #expect(id % 3 != 0)
                    } catch {
                        #expect(error is Refused && id % 3 == 0)
                    }
                }
            }
        }
        #expect(try await ids() == (0..<60).filter { $0 % 3 != 0 })
    }

    @Test func aBrokenRuleIsNamed() async throws {
        try await database.write(.flushed) { try Self.insert(1, $0) }
        await #expect(throws: SQLError(.constraint, "")) {
            try await database.write(.flushed) { try Self.insert(1, $0) }
        }
        await #expect(throws: SQLError(.other, "")) { try await database.read { try $0.rows("SELECT nonsense", []) } }
    }

    @Test func readersSeeWholeTransactions() async throws {
        let database = database
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for id in 0..<50 as Range<Int64> {
                    try await database.write(.flushed) { connection in
                        try Self.insert(2 * id, connection)
                        try Self.insert(2 * id + 1, connection)
                    }
                }
            }
            for _ in 0..<3 {
                group.addTask {
                    for _ in 0..<50 {
                        let count = try await database.read { try $0.row("SELECT count(*) FROM things")?.integer(0) }
                        #expect(count.map { $0 % 2 } == 0)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func migrationsAreDoneOnce() async throws {
        let steps = [
            SQLMigration("1", ["CREATE TABLE things (id BIGINT)"]),
            SQLMigration("2", ["INSERT INTO things (id) VALUES (7)"]),
        ]
        try await database.migrate(steps)
        try await database.migrate(steps)
        #expect(try await ids() == [7])
    }

    @Test func aClosedDatabaseSaysSo() async throws {
        try await database.write(.flushed) { try Self.insert(1, $0) }
        try await database.close()
        await #expect(throws: SQLError(.closed, "")) { try await database.write(.synced) { try Self.insert(2, $0) } }
        await #expect(throws: SQLError(.closed, "")) { try await ids() }
        let again = try SQLiteDatabase(SQLiteConfiguration(path: folder.file("test.sqlite")))
        #expect(try await again.read { try $0.rows("SELECT id FROM things", []).count } == 1)
    }
}
