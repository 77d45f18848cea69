internal import Synchronization
internal import Telemetry

/// A bound on connections, which all loops share, and one on those of one client.
final class Admission: Sendable {
    private let limit: Int
    private let perClient: Int
    private let taken = Atomic<Int>(0)
    private let clients = Mutex<[String: Int]>([:])

    /// - Parameter perClient: 0 for as many as there may be in all.
    init(limit: Int, perClient: Int = 0) {
        self.limit = limit
        self.perClient = perClient
    }

    /// - Parameter client: Its address.
    func enter(_ client: String) -> Bool {
        guard taken.add(1, ordering: .relaxed).newValue <= limit else {
            taken.subtract(1, ordering: .relaxed)
            return false
        }
        guard perClient > 0 else { return true }
        let mayEnter = clients.withLock { clients in
            let count = clients[client, default: 0]
            guard count < perClient else { return false }
            clients[client] = count + 1
            return true
        }
        if !mayEnter { taken.subtract(1, ordering: .relaxed) }
        return mayEnter
    }

    func leave(_ client: String) {
        taken.subtract(1, ordering: .relaxed)
        guard perClient > 0 else { return }
        clients.withLock { clients in
            let count = clients[client, default: 0] - 1
            clients[client] = count > 0 ? count : nil
        }
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
