/// Connections whose answers leave together, at the end of the event loop's turn or when there are enough of them. Whoever
/// reads at the other end is then woken once for several, and each side's code stays in the processor's caches.
struct FlushQueue {
    private var connections: [any ServerConnection] = []
    private var bytes = 0
    /// Beyond either, clients would wait for each other's answers.
    private static let most = 16
    private static let mostBytes = 256 << 10

    /// - Parameter bytes: That it has been given since it was flushed.
    /// - Returns: What the caller has to do.
    mutating func append(_ connection: any ServerConnection, bytes: Int) -> Next {
        connections.append(connection)
        self.bytes += bytes
        if connections.count == Self.most || self.bytes >= Self.mostBytes { return .flush }
        return connections.count == 1 ? .schedule : .nothing
    }

    enum Next {
        case nothing, schedule, flush
    }

    mutating func take() -> [any ServerConnection] {
        defer {
            connections.removeAll(keepingCapacity: true)
            bytes = 0
        }
        return connections
    }
}
