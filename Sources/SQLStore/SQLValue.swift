/// A value that a statement takes or gives.
public enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case text(String)
    case bytes([UInt8])

    /// All 64 bits; read back with `SQLRow.bits`. Order is not kept.
    public static func bits(_ value: UInt64) -> SQLValue {
        .integer(Int64(bitPattern: value))
    }
}

/// One row of an answer; columns count from 0 in the order of the query.
public struct SQLRow: Hashable, Sendable {
    public var values: [SQLValue]

    public init(values: [SQLValue]) {
        self.values = values
    }

    public func isNull(_ column: Int) throws(SQLError) -> Bool {
        try value(column) == .null
    }

    public func integer(_ column: Int) throws(SQLError) -> Int64 {
        guard case .integer(let value) = try value(column) else { throw wrong(column, "an integer") }
        return value
    }

    /// What `SQLValue.bits` wrote.
    public func bits(_ column: Int) throws(SQLError) -> UInt64 {
        UInt64(bitPattern: try integer(column))
    }

    /// An integer that is never negative and fits.
    public func count<Narrow: FixedWidthInteger>(_ column: Int, as: Narrow.Type = Narrow.self) throws(SQLError)
        -> Narrow
    {
        guard let value = Narrow(exactly: try integer(column)) else { throw wrong(column, "a \(Narrow.self)") }
        return value
    }

    public func text(_ column: Int) throws(SQLError) -> String {
        guard case .text(let value) = try value(column) else { throw wrong(column, "text") }
        return value
    }

    public func bytes(_ column: Int) throws(SQLError) -> [UInt8] {
        guard case .bytes(let value) = try value(column) else { throw wrong(column, "bytes") }
        return value
    }

    private func value(_ column: Int) throws(SQLError) -> SQLValue {
        guard values.indices.contains(column) else { throw wrong(column, "a column") }
        return values[column]
    }

    private func wrong(_ column: Int, _ expected: String) -> SQLError {
        let found = values.indices.contains(column) ? "\(values[column])" : "nothing"
        return SQLError(.damaged, "column \(column) of a row should hold \(expected), but holds \(found.prefix(80))")
    }
}
