/// What the stores ask of a database: transactions over one SQL contract, so that SQLite and PostgreSQL serve the same
/// statements. Statements number their parameters `$1`, `$2`, … and use types that both know (`BIGINT`, `TEXT`,
/// `BYTEA`).
///
/// No call blocks a thread of Swift's cooperative pool.
public protocol SQLDatabase: Sendable {
    /// Runs `body` in a transaction of its own and commits it. A write that was begun is not cancelled.
    ///
    /// Calls that overlap may be committed together; each still succeeds or fails alone, and none sees another half
    /// done.
    /// - Throws: what `body` throws, and then nothing of it is kept; `SQLError` when the commit fails.
    func write<Result: Sendable>(
        _ durability: SQLDurability, _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result

    /// Runs `body` over one state of the database: all that was committed before the call, nothing half done.
    func read<Result: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result

    /// Ends after what is under way; later calls throw.
    func close() async throws
}

/// What a committed transaction survives.
public enum SQLDurability: Sendable {
    /// A power cut: synced to the disk before the call returns.
    case synced
    /// The end of this process, at once. A power cut within the next second may undo it, and never half of it.
    case flushed
}

/// A connection inside a transaction. It must not leave the closure that received it.
public protocol SQLConnection {
    var dialect: SQLDialect { get }
    /// - Returns: how many rows were changed.
    @discardableResult
    func execute(_ statement: String, _ parameters: [SQLValue]) throws -> Int
    func rows(_ query: String, _ parameters: [SQLValue]) throws -> [SQLRow]
}

extension SQLConnection {
    public func row(_ query: String, _ parameters: [SQLValue] = []) throws -> SQLRow? {
        try rows(query, parameters).first
    }
}

/// The few words in which the databases differ.
public enum SQLDialect: Sendable {
    case sqlite

    /// Appended to a query whose row this transaction is going to change.
    public var forUpdate: String {
        switch self {
        // A SQLite transaction that writes holds the only write lock from its beginning.
        case .sqlite: ""
        }
    }

    /// Appended to a query whose row must not change until this transaction ends.
    public var forShare: String {
        switch self {
        case .sqlite: ""
        }
    }
}
