internal import Foundation
internal import Glibc
internal import Synchronization

/// Issues commands as a backend would and takes the time until Completed, by the client's own clock.
struct PurgeIssuer: Sendable {
    /// Commands in one request; the API takes 500.
    private static let batch = 200

    let endpoint: Endpoint
    private let fields: String

    init(_ cluster: ProofCluster) {
        endpoint = cluster.api
        let authorization = "Basic " + Data("\(cluster.privateKey):".utf8).base64EncodedString()
        fields = "Authorization: \(authorization)\r\nContent-Type: application/json\r\n"
    }

    /// Issues a purge and waits until it is Completed.
    /// - Returns: nanoseconds at which Completed was seen.
    /// - Throws: what the API said, when that is no command.
    func purge(scope: String, on connection: BlockingClient) throws -> UInt64 {
        let body = Array("{\"kind\": \"purge\", \"scope\": \(scope), \"by\": \"loadtest\"}".utf8)
        var answer = try ask("POST", "/vignette/v1/commands", body, connection)
        while !answer.status.isCompleted {
            answer = try ask("GET", "/vignette/v1/commands/\(answer.status.revision)?wait=60", [], connection)
        }
        return answer.at
    }

    /// Issues many purges in one request, or one by one where the API knows no lists; does not wait.
    private func issue(scopes: [String], on connection: BlockingClient) throws {
        let list = Array("{\"kind\": \"purge\", \"scopes\": [\(scopes.joined(separator: ", "))], \"by\": \"loadtest\"}".utf8)
        if let answer = connection.exchange("POST", "/vignette/v1/commands", fields: fields, body: list), answer.head.status == 201 {
            return
        }
        for scope in scopes {
            let one = Array("{\"kind\": \"purge\", \"scope\": \(scope), \"by\": \"loadtest\"}".utf8)
            _ = try ask("POST", "/vignette/v1/commands", one, connection)
        }
    }

    private func ask(
        _ method: String, _ target: String, _ body: [UInt8], _ connection: BlockingClient
    ) throws -> (status: ProofAPI.Status, at: UInt64) {
        guard let answer = connection.exchange(method, target, fields: fields, body: body) else {
            throw LoadTestError(.noAnswer, "the API at \(endpoint.url) gave no answer to \(method) \(target)")
        }
        guard (200...201).contains(answer.head.status),
            let status = try? JSONDecoder().decode(ProofAPI.Status.self, from: Data(answer.body))
        else {
            throw LoadTestError(.noAnswer, """
                \(method) \(target) was answered \(answer.head.status): \
                \(String(decoding: answer.body.prefix(300), as: UTF8.self))
                """)
        }
        return (status, answer.received)
    }

    /// `count` purges at `rate` per second, each due at its own time whatever became of the others.
    ///
    /// Latency counts from the time a purge was due, so a stall shows in all that were due during it (see
    /// loadtest/README.md on coordinated omission).
    func run(count: Int, rate: Double, threads: Int = 48, scope: @escaping @Sendable (Int) -> String) throws -> LatencyHistogram {
        let outcome = Outcome()
        let workers = ProofThreads()
        let start = monotonicNow() + 20_000_000
        for number in 0..<threads {
            workers.start("issuer \(number)") {
                let connection = BlockingClient(endpoint, patience: 75)
                while let position = outcome.next(below: count) {
                    let due = start + UInt64(Double(position) / rate * 1e9)
                    let now = monotonicNow()
                    if due > now { usleep(UInt32((due - now) / 1_000)) }
                    do {
                        let completed = try purge(scope: scope(position), on: connection)
                        outcome.record(completed - due)
                    } catch {
                        outcome.fail(error)
                    }
                }
            }
        }
        workers.wait()
        return try outcome.latency()
    }

    /// `count` commands as fast as the origin takes them.
    func fill(count: Int, threads: Int = 8, scope: @escaping @Sendable (Int) -> String) throws {
        let outcome = Outcome()
        let workers = ProofThreads()
        for number in 0..<threads {
            workers.start("filler \(number)") {
                let connection = BlockingClient(endpoint, patience: 75)
                while let batch = outcome.next(below: (count + Self.batch - 1) / Self.batch) {
                    let scopes = (batch * Self.batch..<min((batch + 1) * Self.batch, count)).map(scope)
                    do { try issue(scopes: scopes, on: connection) } catch { outcome.fail(error) }
                }
            }
        }
        workers.wait()
        _ = try outcome.latency()
    }

    /// What the threads share.
    private final class Outcome: Sendable {
        private let position = Atomic<Int>(0)
        private let state = Mutex((latency: LatencyHistogram(), failure: (any Error)?.none))

        func next(below count: Int) -> Int? {
            guard state.withLock({ $0.failure == nil }) else { return nil }
            let next = position.add(1, ordering: .relaxed).oldValue
            return next < count ? next : nil
        }

        func record(_ nanoseconds: UInt64) { state.withLock { $0.latency.record(nanoseconds: nanoseconds) } }

        func fail(_ error: any Error) { state.withLock { $0.failure = $0.failure ?? error } }

        func latency() throws -> LatencyHistogram {
            try state.withLock { state in
                if let failure = state.failure { throw failure }
                return state.latency
            }
        }
    }
}
