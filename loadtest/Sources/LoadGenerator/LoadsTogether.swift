internal import Dispatch
internal import Synchronization

/// Loads that run at the same time, for a thread of one's own that waits for all of them.
enum LoadsTogether {
    private final class Outcome: Sendable {
        let value = Mutex<Result<[LoadResult], any Error>?>(nil)
    }

    /// Blocks: never to be called from a task.
    /// - Parameter seconds: how long they may take; nil for as long as they should at the most.
    /// - Returns: their results, in their order.
    static func run(_ loads: [LoadRun], stop: RunStop, seconds: Double? = nil) throws -> [LoadResult] {
        let outcome = Outcome()
        let done = DispatchSemaphore(value: 0)
        Task {
            do {
                let results = try await results(of: loads)
                outcome.value.withLock { $0 = .success(results) }
            } catch {
                outcome.value.withLock { $0 = .failure(error) }
            }
            done.signal()
        }
        let limit = seconds ?? loads.map(\.longestSeconds).max() ?? 0
        let deadline = monotonicNow() + nanoseconds(limit)
        while done.wait(timeout: .now() + .milliseconds(50)) == .timedOut {
            if stop.isStopped { for load in loads { load.stop() } }
            guard monotonicNow() < deadline else {
                for load in loads { load.stop() }
                throw LoadTestError(.tool, "the load did not end within \(Format.fixed(limit, 0)) s, and was given up")
            }
        }
        try stop.check()
        return try outcome.value.withLock { $0 }?.get() ?? []
    }

    private static func results(of loads: [LoadRun]) async throws -> [LoadResult] {
        try await withThrowingTaskGroup(of: (Int, LoadResult).self) { group in
            for (place, load) in loads.enumerated() {
                group.addTask { (place, try await load.run { _ in }) }
            }
            var results: [Int: LoadResult] = [:]
            for try await (place, result) in group { results[place] = result }
            return loads.indices.compactMap { results[$0] }
        }
    }
}
