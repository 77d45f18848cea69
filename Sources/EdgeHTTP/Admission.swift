internal import Synchronization
internal import Telemetry

/// A bound on connections, which all loops share.
final class Admission: Sendable {
    private let limit: Int
    private let taken = Atomic<Int>(0)

    init(limit: Int) {
        self.limit = limit
    }

    func enter() -> Bool {
        guard taken.add(1, ordering: .relaxed).newValue <= limit else {
            leave()
            return false
        }
        return true
    }

    func leave() {
        taken.subtract(1, ordering: .relaxed)
    }
}

/// A bound on the requests that wait, on all loops together, and the one door back to the loops: a task that outlasts the
/// server, because it does not heed its cancellation, finds it shut.
final class WaitingRoom: Sendable {
    private struct State {
        var count = 0
        var isClosed = false
    }

    private let limit: Int
    private let gauge: Gauge
    private let state = Mutex(State())

    init(limit: Int, gauge: Gauge) {
        self.limit = limit
        self.gauge = gauge
    }

    func enter() -> Bool {
        state.withLock { state in
            guard state.count < limit, !state.isClosed else { return false }
            state.count += 1
            gauge.set(Int64(state.count))
            return true
        }
    }

    /// - Parameter handBack: Is called within, unless the room is closed; loops end only after it was closed.
    func leave(_ handBack: () -> Void) {
        state.withLock { state in
            state.count -= 1
            gauge.set(Int64(state.count))
            if !state.isClosed { handBack() }
        }
    }

    func close() {
        state.withLock { $0.isClosed = true }
    }
}
