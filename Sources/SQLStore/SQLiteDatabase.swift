internal import Foundation
internal import GRDB

/// SQLite in write-ahead mode: one writer, readers that never wait for it.
///
/// Invariants
/// 1. `.synced` returns only after the log was synced to the disk (`synchronous = FULL`).
/// 2. Every write goes through `commits`, so that at most one sync is under way and everything that queued up meanwhile
///    shares the next one.
public final class SQLiteDatabase: SQLDatabase {
    private let pool: DatabasePool
    private let commits: GroupCommit

    /// Blocks while the file is opened: a few milliseconds, more after a crash, when the log is read back.
    public init(_ configuration: SQLiteConfiguration) throws(SQLError) {
        var settings = Configuration()
        settings.busyMode = .timeout(Double(configuration.busyTimeout) / 1_000)
        settings.maximumReaderCount = configuration.maxReaders
        settings.foreignKeysEnabled = true
        settings.label = "SQLStore"
        do {
            pool = try DatabasePool(path: configuration.path, configuration: settings)
        } catch {
            throw SQLError(error, doing: "opening the database \(configuration.path)")
        }
        commits = GroupCommit(pool)
    }

    public func write<Result: Sendable>(
        _ durability: SQLDurability, _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result {
        try await commits.submit(durability, body)
    }

    public func read<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Result, any Error>) in
            // Not the async `read`: that one is cancelled with the task, and callers here share what they read.
            pool.asyncRead { access in
                do {
                    let database: Database
                    do { database = try access.get() } catch { throw SQLError(error, doing: "reading the database") }
                    continuation.resume(returning: try body(SQLiteConnection(database)))
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }

    public func close() async throws {
        let commits = commits
        let pool = pool
        try await commits.drain()
        do { try pool.close() } catch { throw SQLError(error, doing: "closing the database") }
    }
}
