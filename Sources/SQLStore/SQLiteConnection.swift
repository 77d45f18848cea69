internal import Foundation
internal import GRDB

struct SQLiteConnection: SQLConnection {
    private let database: Database

    init(_ database: Database) {
        self.database = database
    }

    var dialect: SQLDialect { .sqlite }

    func execute(_ statement: String, _ parameters: [SQLValue]) throws -> Int {
        do {
            let before = database.totalChangesCount
            let prepared = try database.cachedStatement(sql: Self.numbered(statement))
            try prepared.execute(arguments: try Self.arguments(parameters))
            return database.totalChangesCount - before
        } catch {
            throw SQLError(error, doing: statement)
        }
    }

    func rows(_ query: String, _ parameters: [SQLValue]) throws -> [SQLRow] {
        do {
            let prepared = try database.cachedStatement(sql: Self.numbered(query))
            let cursor = try Row.fetchCursor(prepared, arguments: try Self.arguments(parameters))
            var rows: [SQLRow] = []
            while let row = try cursor.next() {
                rows.append(SQLRow(values: try (0..<row.count).map { try Self.value(row, $0) }))
            }
            return rows
        } catch {
            throw SQLError(error, doing: query)
        }
    }

    /// SQLite takes `$1` for a name and numbers it by where it stands; `?1` is the number itself.
    private static func numbered(_ statement: String) -> String {
        String(decoding: statement.utf8.map { $0 == UInt8(ascii: "$") ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
    }

    /// - Throws: a text holds a NUL: SQLite would give it back cut off there, and PostgreSQL does not take it at all.
    private static func arguments(_ parameters: [SQLValue]) throws(SQLError) -> StatementArguments {
        for case .text(let text) in parameters where text.utf8.contains(0) {
            throw SQLError(.constraint, "a text to be stored holds a NUL")
        }
        return StatementArguments(
            parameters.map { parameter -> (any DatabaseValueConvertible)? in
                switch parameter {
                case .null: nil
                case .integer(let value): value
                case .text(let value): value
                case .bytes(let value): Data(value)
                }
            })
    }

    private static func value(_ row: Row, _ column: Int) throws -> SQLValue {
        let value: DatabaseValue = row[column]
        switch value.storage {
        case .null: return .null
        case .int64(let integer): return .integer(integer)
        case .string(let text): return .text(text)
        case .blob(let data): return .bytes([UInt8](data))
        case .double(let real): throw SQLError(.damaged, "a column holds the fraction \(real); no table here has any")
        }
    }
}

extension SQLError {
    /// What GRDB and SQLite say, in our words.
    init(_ error: any Error, doing what: String) {
        if let known = error as? SQLError {
            self = known
            return
        }
        guard let failure = error as? DatabaseError else {
            self.init(.other, "\(what): \(error)")
            return
        }
        let code: Code
        switch failure.resultCode.primaryResultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED: code = .busy
        case .SQLITE_FULL: code = .full
        case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM: code = .inputOutput
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: code = .damaged
        case .SQLITE_CONSTRAINT: code = .constraint
        case .SQLITE_MISUSE: code = .closed
        default: code = .other
        }
        self.init(code, "\(what): \(failure.message ?? "SQLite error") (\(failure.extendedResultCode.rawValue))")
    }
}
