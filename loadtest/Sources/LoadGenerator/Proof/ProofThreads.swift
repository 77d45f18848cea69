internal import Foundation
internal import Synchronization

/// Threads that are started together and waited for together.
final class ProofThreads: Sendable {
    private let group = DispatchGroup()

    func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        group.enter()
        let thread = Thread { [group] in
            body()
            group.leave()
        }
        thread.name = name
        thread.start()
    }

    func wait() { group.wait() }
}

/// Something that happens in one thread and another waits for.
final class ProofMoments: @unchecked Sendable {
    enum Moment: Int, CaseIterable {
        /// A command's bytes are about to be sent.
        case issuing
        /// It was acknowledged: it is in the journal, and nodes apply it.
        case acknowledged
        /// Completed was seen.
        case completed
    }

    private let condition = NSCondition()
    // Read and changed with the condition's lock held only, which is what makes the class Sendable.
    private var counts = [Int](repeating: 0, count: Moment.allCases.count)

    func happened(_ moment: Moment) {
        condition.withLock {
            counts[moment.rawValue] += 1
            condition.broadcast()
        }
    }

    /// Waits until it happens the next time, or for `seconds`.
    func waitForNext(_ moment: Moment, seconds: Double) {
        let deadline = Date(timeIntervalSinceNow: seconds)
        condition.withLock {
            let before = counts[moment.rawValue]
            while counts[moment.rawValue] == before, condition.wait(until: deadline) {}
        }
    }
}

/// A user of one edge: asks for one variant after the other and logs what comes.
struct ProofClient: Sendable {
    let edge: Int
    let endpoint: Endpoint
    let account: String
    let sources: Int
    let record: ProofRecord
    let draws: SeededDraws
    let stream: UInt64
    /// Microseconds from an answer to the next request: leaves the cores to the cluster.
    let pace: UInt32
    /// Seconds that an answer may take before it counts as none.
    let patience: Int

    func run() {
        let client = BlockingClient(endpoint, patience: patience)
        var position = 0
        while !record.isOver {
            let source = draws.index(below: sources, at: position, stream: stream)
            let variant = draws.index(below: ProofVariant.all.count, at: position, stream: stream + 1)
            position += 1
            if let answer = ask(client, source, variant) {
                record.add([answer], unanswered: 0)
            } else {
                record.add([], unanswered: 1)
                // A dead edge refuses at once; asking it without a pause would only burn the cores that it needs.
                usleep(5_000)
            }
            usleep(pace)
        }
    }

    func ask(_ client: BlockingClient, _ source: Int, _ variant: Int) -> ClientAnswer? {
        guard let answer = client.get("/\(account)/\(ProofAPI.path(source: source, variant: variant))") else { return nil }
        let isPicture = answer.head.status == 200
        return ClientAnswer(
            edge: edge, source: source, variant: variant, status: answer.head.status,
            isHit: answer.head.cache.outcome == .hit, version: isPicture ? VersionedPicture.version(of: answer.body) : nil,
            digest: isPicture ? Self.digest(answer.body) : 0, sent: answer.sent, received: answer.received)
    }

    /// FNV-1a; enough to notice bytes that a crash tore.
    private static func digest(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
