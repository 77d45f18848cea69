/// Columns for a terminal.
enum TextTable {
    /// One line a row, each with a line feed; cells are flush right but for the first `leading` columns.
    static func lines(_ rows: [[String]], leading: Int = 1) -> String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
        return rows.map { row in
            let cells = row.enumerated().map { column, text in
                let spaces = String(repeating: " ", count: widths[column] - text.count)
                return column < leading ? text + spaces : spaces + text
            }
            return cells.joined(separator: "  ") + "\n"
        }.joined()
    }
}
