/// One step of a schema. Steps are applied once, in order; a step that was released is never changed.
public struct SQLMigration: Hashable, Sendable {
    /// Unique within the database; recorded when the step is done.
    public var name: String
    /// Statements without parameters, all applied in one transaction.
    public var statements: [String]

    public init(_ name: String, _ statements: [String]) {
        self.name = name
        self.statements = statements
    }
}

extension SQLDatabase {
    /// Brings the schema up to the last of `migrations`.
    /// - Throws: `SQLError.newer` when the database has steps that are not among them.
    public func migrate(_ migrations: [SQLMigration]) async throws {
        try await write(.synced) { connection in
            try connection.execute("CREATE TABLE IF NOT EXISTS schema_steps (name TEXT PRIMARY KEY NOT NULL)", [])
            let done = try connection.rows("SELECT name FROM schema_steps", []).map { try $0.text(0) }
            if let unknown = done.first(where: { name in !migrations.contains { $0.name == name } }) {
                throw SQLError(
                    .newer,
                    "the database was last used by a newer version (it has the schema step \(unknown)): start that one")
            }
            for migration in migrations where !done.contains(migration.name) {
                for statement in migration.statements { try connection.execute(statement, []) }
                try connection.execute("INSERT INTO schema_steps (name) VALUES ($1)", [.text(migration.name)])
            }
        }
    }
}
