internal import CacheProtocol
internal import SQLStore

extension JournalTables {
    static func complete(_ completions: [Completion], _ connection: any SQLConnection) throws {
        for completion in completions {
            var writer = WireWriter()
            writer.write(completion.outcomes) { $1.encode(into: &$0) }
            try connection.execute(
                """
                INSERT INTO completions (revision, completed_at, outcomes) VALUES ($1, $2, $3)
                ON CONFLICT (revision) DO NOTHING
                """,
                [.bits(completion.revision.rawValue), .integer(completion.completedAt), .bytes(writer.bytes)])
            try connection.execute(
                "UPDATE entries SET is_pending = 0 WHERE revision = $1", [.bits(completion.revision.rawValue)])
        }
    }

    static func completions(
        of revisions: ClosedRange<Revision>, _ connection: any SQLConnection
    ) throws -> [Completion] {
        try connection.rows(
            """
            SELECT revision, completed_at, outcomes FROM completions WHERE revision BETWEEN $1 AND $2 ORDER BY revision
            """, bounds(revisions)
        ).map { row in
            let revision = Revision(rawValue: try row.count(0))
            return Completion(
                revision: revision, completedAt: try row.integer(1),
                outcomes: try outcomes(try row.bytes(2), of: revision))
        }
    }

    private static func outcomes(_ bytes: [UInt8], of revision: Revision) throws -> [NodeOutcome] {
        var reader = WireReader(bytes)
        do throws(WireError) {
            let outcomes = try reader.list { (reader) throws(WireError) in try NodeOutcome(from: &reader) }
            try reader.finish()
            return outcomes
        } catch {
            throw JournalError.wire(error, in: "the completion of revision \(revision)")
        }
    }
}
