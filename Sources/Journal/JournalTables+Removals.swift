internal import CacheProtocol
internal import SQLStore

extension JournalTables {
    static func record(_ reports: [RemovalReport], of folder: UInt64, _ connection: any SQLConnection) throws {
        for report in reports {
            // A report on what is no erase, or of a folder that never joined, selects no row.
            try connection.execute(
                """
                INSERT INTO removals (revision, folder, objects, bytes, reported_at)
                SELECT entries.revision, members.folder, $3, $4, $5 FROM entries, members
                WHERE entries.revision = $1 AND entries.kind = 3 AND members.folder = $2
                ON CONFLICT (revision, folder) DO NOTHING
                """,
                [
                    .integer(Int64(clamping: report.revision.rawValue)), .bits(folder), .bits(report.objects),
                    .bits(report.bytes), .integer(report.at),
                ])
        }
    }

    static func removals(of revisions: ClosedRange<Revision>, _ connection: any SQLConnection) throws -> [StoredRemoval] {
        try connection.rows(
            """
            SELECT revision, folder, objects, bytes, reported_at FROM removals WHERE revision BETWEEN $1 AND $2
            ORDER BY revision, folder
            """, bounds(revisions)
        ).map { row in
            StoredRemoval(
                folder: try row.bits(1),
                report: RemovalReport(
                    revision: Revision(rawValue: try row.count(0)), objects: try row.bits(2), bytes: try row.bits(3),
                    at: try row.integer(4)))
        }
    }

    static func markRemoved(_ revisions: [Revision], at: Int64, _ connection: any SQLConnection) throws {
        for revision in revisions {
            try connection.execute(
                "UPDATE entries SET removed_at = $2 WHERE revision = $1 AND kind = 3 AND removed_at IS NULL",
                [.bits(revision.rawValue), .integer(at)])
        }
    }
}
