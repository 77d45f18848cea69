internal import Glibc
internal import Synchronization

/// Lets somebody end a run early: it ends what it is waiting for, and the run cleans up behind itself.
public final class RunStop: Sendable {
    private struct State {
        var isStopped = false
        /// Children that a thread waits for.
        var waitedFor: Set<pid_t> = []
    }

    private let state = Mutex(State())

    public init() {}

    public func stop() {
        state.withLock { state in
            state.isStopped = true
            for pid in state.waitedFor { kill(pid, SIGTERM) }
        }
    }

    public var isStopped: Bool { state.withLock { $0.isStopped } }

    func check() throws {
        if isStopped { throw LoadTestError(.interrupted, "interrupted; everything that was started is ended") }
    }

    /// Pauses, unless the run is stopped.
    func pause(seconds: Double) throws {
        let end = monotonicNow() + nanoseconds(seconds)
        while monotonicNow() < end {
            try check()
            usleep(10_000)
        }
        try check()
    }

    /// Runs `wait` on a child that a stop ends. The child must not be reaped before `wait` returns.
    func ending<Value>(_ pid: pid_t, _ wait: () throws -> Value) throws -> Value {
        state.withLock { state in
            if state.isStopped { kill(pid, SIGTERM) }
            state.waitedFor.insert(pid)
        }
        let value = Result { try wait() }
        state.withLock { _ = $0.waitedFor.remove(pid) }
        try check()
        return try value.get()
    }
}
