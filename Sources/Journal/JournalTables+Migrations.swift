internal import SQLStore

extension JournalTables {
    static let migrations = [
        SQLMigration(
            "journal-1",
            [
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
            ]),
        SQLMigration(
            "journal-2",
            [
                """
                CREATE TABLE origin_start (
                    only_row BIGINT PRIMARY KEY NOT NULL CHECK (only_row = 1),
                    folder BIGINT NOT NULL, life BIGINT NOT NULL)
                """
            ]),
        SQLMigration(
            "journal-3",
            [
                // The kind stands in the command as well; 0 is that of rows of before there was the column.
                "ALTER TABLE entries ADD COLUMN kind BIGINT NOT NULL DEFAULT 0",
                "ALTER TABLE entries ADD COLUMN is_folded BIGINT NOT NULL DEFAULT 0",
                "ALTER TABLE entries ADD COLUMN removed_at BIGINT",
                "CREATE INDEX entries_without_kind ON entries (revision) WHERE kind = 0",
                "CREATE INDEX audited_entries ON entries (kind, revision) WHERE kind >= 3",
                "CREATE INDEX unremoved_erases ON entries (revision) WHERE kind = 3 AND removed_at IS NULL",
                "ALTER TABLE members ADD COLUMN joined_at BIGINT NOT NULL DEFAULT 0",
                "ALTER TABLE members ADD COLUMN accountable_from BIGINT NOT NULL DEFAULT 0",
                // The kind of the command that expelled the folder, 0 for none, and its revision.
                "ALTER TABLE members ADD COLUMN expelled_by BIGINT NOT NULL DEFAULT 0",
                "ALTER TABLE members ADD COLUMN expelled_at BIGINT NOT NULL DEFAULT 0",
                // Whoever is there already did not report what it has destroyed so far.
                "UPDATE members SET accountable_from = (SELECT head FROM journal)",
                """
                CREATE TABLE removals (
                    revision BIGINT NOT NULL REFERENCES entries (revision),
                    folder BIGINT NOT NULL REFERENCES members (folder),
                    objects BIGINT NOT NULL, bytes BIGINT NOT NULL, reported_at BIGINT NOT NULL,
                    PRIMARY KEY (revision, folder))
                """,
                // Entries through `emptied` say nothing any more.
                """
                CREATE TABLE snapshot (
                    only_row BIGINT PRIMARY KEY NOT NULL CHECK (only_row = 1),
                    revision BIGINT NOT NULL, emptied BIGINT NOT NULL, rules BYTEA NOT NULL)
                """,
            ]),
        SQLMigration(
            "journal-4",
            [
                // `unknown`: the longest lease that may have been given and is not known of, in milliseconds, until it has
                // run out.
                """
                CREATE TABLE leases_given (
                    only_row BIGINT PRIMARY KEY NOT NULL CHECK (only_row = 1),
                    given BIGINT NOT NULL, unknown BIGINT NOT NULL)
                """,
                "INSERT INTO leases_given (only_row, given, unknown) VALUES (1, 0, 0)",
            ]),
    ]
}
