internal import Synchronization
internal import Telemetry

/// A bound on connections, which all loops share, and one on those of one client.
final class Admission: Sendable {
    private let limit: Int
    private let perClient: Int
    private let taken = Atomic<Int>(0)
    private let clients = Mutex(ClientCounts())

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
        let mayEnter = clients.withLock { $0.enter(client, atMost: perClient) }
        if !mayEnter { taken.subtract(1, ordering: .relaxed) }
        return mayEnter
    }

    func leave(_ client: String) {
        taken.subtract(1, ordering: .relaxed)
        if perClient > 0 { clients.withLock { $0.leave(client) } }
    }
}

/// A bound on the requests that wait, on all loops together, and one on those of one client; and the one door back to the loops:
/// a task that outlasts the server, because it does not heed its cancellation, finds it shut.
final class WaitingRoom: Sendable {
    private struct State {
        var count = 0
        var clients = ClientCounts()
        var isClosed = false
    }

    private let limit: Int
    private let perClient: Int
    private let gauge: Gauge
    private let state = Mutex(State())

    /// - Parameter perClient: 0 for as many as there may be in all.
    init(limit: Int, perClient: Int, gauge: Gauge) {
        self.limit = limit
        self.perClient = perClient
        self.gauge = gauge
    }

    /// - Parameter client: Its address.
    func enter(_ client: String) -> Bool {
        state.withLock { state in
            guard state.count < limit, !state.isClosed else { return false }
            guard perClient == 0 || state.clients.enter(client, atMost: perClient) else { return false }
            state.count += 1
            gauge.set(Int64(state.count))
            return true
        }
    }

    /// - Parameter handBack: Is called within, unless the room is closed; loops end only after it was closed.
    func leave(_ client: String, _ handBack: () -> Void) {
        state.withLock { state in
            state.count -= 1
            if perClient > 0 { state.clients.leave(client) }
            gauge.set(Int64(state.count))
            if !state.isClosed { handBack() }
        }
    }

    func close() {
        state.withLock { $0.isClosed = true }
    }
}

/// How many each client has, by its address.
private struct ClientCounts {
    private var counts: [String: Int] = [:]

    mutating func enter(_ client: String, atMost limit: Int) -> Bool {
        let count = counts[client, default: 0]
        guard count < limit else { return false }
        counts[client] = count + 1
        return true
    }

    mutating func leave(_ client: String) {
        let count = counts[client, default: 0] - 1
        counts[client] = count > 0 ? count : nil
    }
}
