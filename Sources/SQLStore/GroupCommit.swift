internal import GRDB
internal import Synchronization

/// Runs writes one after another on the writer's own thread and commits together what has queued up meanwhile: under
/// load a sync to the disk is shared by all that wait for it, and a lone write waits for nobody.
///
/// Each write runs in a savepoint: it fails alone. `.flushed` writes are committed before the `.synced` ones of the
/// same round, so that they need not wait for the sync; two writes of which the second relies on the first must be
/// awaited in turn.
final class GroupCommit: Sendable {
    private struct Job: Sendable {
        var durability: SQLDurability
        /// Runs the write; the outcome is told to the waiter only after the commit.
        var run: @Sendable (any SQLConnection) -> (succeeded: Bool, tell: Tell)
        /// Tells the waiter that the write was never run.
        var refuse: @Sendable (SQLError) -> Void
    }

    /// Given nil once the commit stands.
    private typealias Tell = @Sendable (SQLError?) -> Void

    private struct Queue {
        var jobs: [Job] = []
        var isDraining = false
        /// Something is flushed but not synced.
        var isUnsettled = false
    }

    private let pool: DatabasePool
    private let queue = Mutex(Queue())

    init(_ pool: DatabasePool) {
        self.pool = pool
    }

    func submit<Result: Sendable>(
        _ durability: SQLDurability, _ body: @escaping @Sendable (any SQLConnection) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Result, any Error>) in
            let run: @Sendable (any SQLConnection) -> (succeeded: Bool, tell: Tell) = { connection in
                do {
                    let value = try body(connection)
                    return (
                        true,
                        { failure in
                            if let failure {
                                continuation.resume(throwing: failure)
                            } else {
                                continuation.resume(returning: value)
                            }
                        }
                    )
                } catch {
                    return (false, { _ in continuation.resume(throwing: error) })
                }
            }
            enqueue(Job(durability: durability, run: run) { continuation.resume(throwing: $0) })
        }
    }

    /// Returns after everything that was submitted before is committed and synced.
    func drain() async throws {
        try await submit(.synced, Self.touch)
    }

    private func enqueue(_ job: Job) {
        let starts = queue.withLock { queue in
            queue.jobs.append(job)
            defer { queue.isDraining = true }
            return !queue.isDraining
        }
        guard starts else { return }
        pool.asyncWriteWithoutTransaction { [self] database in
            while let round = nextRound() {
                commit(round.filter { $0.durability == .flushed }, on: database, synchronous: "NORMAL")
                commit(round.filter { $0.durability == .synced }, on: database, synchronous: "FULL")
            }
        }
    }

    private func nextRound() -> [Job]? {
        queue.withLock { queue in
            guard !queue.jobs.isEmpty else {
                queue.isDraining = false
                return nil
            }
            defer { queue.jobs = [] }
            return queue.jobs
        }
    }

    private func commit(_ jobs: [Job], on database: Database, synchronous: String) {
        guard !jobs.isEmpty else { return }
        let connection = SQLiteConnection(database)
        var tells: [Tell] = []
        do {
            // GRDB chooses NORMAL when it opens a pool, whatever was set before.
            try database.execute(sql: "PRAGMA synchronous = \(synchronous)")
            try database.inTransaction(.immediate) {
                for job in jobs {
                    try database.inSavepoint {
                        let outcome = job.run(connection)
                        tells.append(outcome.tell)
                        return outcome.succeeded ? .commit : .rollback
                    }
                }
                return .commit
            }
            for tell in tells { tell(nil) }
            noteCommitted(synced: synchronous == "FULL")
        } catch {
            let failure = SQLError(error, doing: "committing to the database")
            for tell in tells { tell(failure) }
            for job in jobs[tells.count...] { job.refuse(failure) }
        }
    }

    /// A sync takes everything before it along. Where none follows by itself, one is made within a second.
    private func noteCommitted(synced: Bool) {
        let mustSettle = queue.withLock { queue in
            defer { queue.isUnsettled = !synced }
            return !synced && !queue.isUnsettled
        }
        guard mustSettle else { return }
        Task { [weak self] in
            try await Task.sleep(for: .seconds(1))
            guard let self, self.queue.withLock({ $0.isUnsettled }) else { return }
            try await self.submit(.synced, Self.touch)
        }
    }

    /// The least change that makes the next commit sync the log: an empty transaction would not.
    private static let touch: @Sendable (any SQLConnection) throws -> Void = { connection in
        try connection.execute("PRAGMA user_version = 1", [])
    }
}
