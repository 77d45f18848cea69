internal import Foundation

/// slowhttptest against one edge.
public enum SlowAttack: String, Codable, Sendable, CaseIterable {
    /// Heads that come a field at a time, and never end.
    case headers
    /// Answers that are read a few bytes at a time.
    case read

    var title: String {
        switch self {
        case .headers: "slow headers"
        case .read: "slow read"
        }
    }

    private func options(target: String) -> [String] {
        switch self {
        case .headers: ["-H", "-i", "2", "-x", "24", "-u", target]
        // A window of a few bytes, of which 32 are read every 2 s: an answer of 1 MiB would take them 18 hours.
        case .read: ["-X", "-w", "10", "-y", "20", "-n", "2", "-z", "32", "-k", "1", "-u", target]
        }
    }

    /// Starts it; what it saw is in `record` when it has ended.
    /// - Parameter record: a path without an ending.
    func start(_ plan: SlowPlan, url: String, record: String, seconds: Int, folder: String) throws -> ChildProcess {
        // It gives way to the clients whose time is taken: they share a core.
        try ChildProcess(
            [
                "nice", "-n", "19", "slowhttptest", "-c", "\(plan.connections)", "-r", "\(plan.connectionsPerSecond)",
                "-l", "\(seconds)", "-p", "3", "-t", "GET", "-g", "-o", record,
            ] + options(target: url), folder: folder)
    }
}

/// What slowhttptest saw, a line of its record a second.
public struct SlowRecord: Codable, Sendable, Equatable {
    /// Of its connections, at the same time.
    public var mostConnected = 0
    public var closed = 0
    /// Seconds in which the server answered its probe, and in which it did not.
    public var available = 0
    public var unavailable = 0

    /// - Parameter csv: "Seconds,Closed,Pending,Connected,Service Available", and such lines.
    init(csv: String) throws {
        let lines = csv.split(whereSeparator: \.isNewline)
        guard let head = lines.first?.split(separator: ",").map({ $0.trimmingCharacters(in: .whitespaces) }),
            let closed = head.firstIndex(of: "Closed"), let connected = head.firstIndex(of: "Connected"),
            let available = head.firstIndex(of: "Service Available"), lines.count > 1
        else {
            throw LoadTestError(.tool, "slowhttptest left no record. It holds: \(csv.isEmpty ? "nothing" : csv)")
        }
        for line in lines.dropFirst() {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
                .map { Int($0.trimmingCharacters(in: .whitespaces)) }
            guard cells.count >= head.count, let isAvailable = cells[available], let open = cells[connected],
                let gone = cells[closed]
            else { throw LoadTestError(.tool, "slowhttptest's record has a line that can't be read: \(line)") }
            mostConnected = max(mostConnected, open)
            self.closed = max(self.closed, gone)
            if isAvailable > 0 { self.available += 1 } else { unavailable += 1 }
        }
    }
}
