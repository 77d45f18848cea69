/// How a SQLite database is opened.
public struct SQLiteConfiguration: Hashable, Sendable {
    /// Path of the database file; beside it lie its `-wal` and `-shm`. The folder must exist.
    public var path: String
    /// How long a call waits for another process's lock: milliseconds. 5,000 unless set.
    public var busyTimeout: Int
    /// Read transactions that may run at one time. 4 unless set.
    public var maxReaders: Int

    public init(path: String, busyTimeout: Int = 5_000, maxReaders: Int = 4) {
        self.path = path
        self.busyTimeout = busyTimeout
        self.maxReaders = maxReaders
    }
}
