internal import Foundation
internal import Synchronization

/// What all threads of a proof write to: the clients' log, the commands, and what the checker found in them.
///
/// One lock guards both logs, and every instant at which a command was seen completed is read under it. So when a batch of
/// answers is judged, each command that was completed before the batch's `cut` is known to the checker; answers to
/// requests sent later wait for the next batch.
final class ProofRecord: Sendable {
    private struct State {
        var checker: HistoryChecker
        var answers: [ClientAnswer] = []
        var violations: [Violation] = []
        var statuses: [Int: Int] = [:]
        var commands: [String: Int] = [:]
        var unanswered = 0
        var pauses: [Pause] = []
        var isOver = false
    }

    /// A stretch in which an edge was stopped: what lay in its socket then was received after it.
    private struct Pause {
        var edge: Int
        var from: UInt64
        var until: UInt64?
    }

    /// Enough to understand; a broken cluster would fill the memory with more.
    private static let kept = 10

    private let state: Mutex<State>
    private let violationCount = Atomic<Int>(0)

    init(_ checker: HistoryChecker) {
        state = Mutex(State(checker: checker))
    }

    // MARK: Clients

    var isOver: Bool { state.withLock { $0.isOver } }

    func end() { state.withLock { $0.isOver = true } }

    func add(_ answers: [ClientAnswer], unanswered: Int) {
        state.withLock {
            $0.answers += answers
            $0.unanswered += unanswered
        }
    }

    // MARK: Commands

    func issue(_ kind: ProofCommandKind, _ scope: ProofScope, versions: [Int: Int]) -> Int {
        state.withLock { $0.checker.issue(kind, scope, versions: versions, at: monotonicNow()) }
    }

    func acknowledged(_ kind: ProofCommandKind, _ scope: ProofScope) {
        let name = switch scope {
        case .url: "\(kind.rawValue) url"
        case .source: "\(kind.rawValue) source"
        case .all: "\(kind.rawValue) all"
        }
        state.withLock { $0.commands[name, default: 0] += 1 }
    }

    func unanswered() { state.withLock { $0.commands["unanswered", default: 0] += 1 } }

    func complete(_ command: Int) {
        state.withLock { $0.checker.complete(command, at: monotonicNow()) }
    }

    func violate(_ violation: Violation) {
        state.withLock { Self.note(violation, &$0) }
        violationCount.add(1, ordering: .relaxed)
    }

    // MARK: Pauses

    /// The edge runs no instruction any more.
    func paused(_ edge: Int) {
        state.withLock { $0.pauses.append(Pause(edge: edge, from: monotonicNow(), until: nil)) }
    }

    /// The edge is about to run again.
    func resumed(_ edge: Int) {
        state.withLock { state in
            for index in state.pauses.indices where state.pauses[index].edge == edge && state.pauses[index].until == nil {
                state.pauses[index].until = monotonicNow()
            }
        }
    }

    // MARK: Judging

    /// Judges what was answered up to now.
    func judge() {
        state.withLock { state in
            let cut = monotonicNow()
            let batch = state.answers.filter { $0.sent < cut }.sorted { $0.sent < $1.sent }
            state.answers.removeAll { $0.sent < cut }
            for answer in batch {
                state.statuses[answer.status, default: 0] += 1
                var received = answer
                // A request that came while the edge was stopped was received when it woke, and is bound by what was
                // completed until then.
                for pause in state.pauses where pause.edge == answer.edge {
                    if pause.from < answer.sent, let until = pause.until, answer.sent < until { received.sent = until }
                }
                if let violation = state.checker.judge(received) {
                    Self.note(violation, &state)
                    violationCount.add(1, ordering: .relaxed)
                }
            }
        }
    }

    private static func note(_ violation: Violation, _ state: inout State) {
        if state.violations.count < kept { state.violations.append(violation) }
    }

    var violations: Int { violationCount.load(ordering: .relaxed) }

    var findings: ProofFindings {
        state.withLock { state in
            ProofFindings(
                requests: state.checker.judged, boundByCommands: state.checker.bound,
                statuses: Dictionary(uniqueKeysWithValues: state.statuses.map { (String($0), $1) }),
                unanswered: state.unanswered, commands: state.commands, untouchedHits: state.checker.keptHits,
                violations: violations, firstViolations: state.violations.map(\.description))
        }
    }
}

/// What a proof counted.
public struct ProofFindings: Codable, Sendable, Equatable {
    /// Answers that were judged.
    public var requests: Int
    /// Of these, the 200s for which some completed command demanded a version.
    public var boundByCommands: Int
    public var statuses: [String: Int]
    /// Requests without a whole answer: their edge was killed or down.
    public var unanswered: Int
    /// Acknowledged commands by kind and scope, and those that got no answer.
    public var commands: [String: Int]
    /// Hits of objects that no command touched, on edges that had shown to hold them for 3 s.
    public var untouchedHits: Int
    public var violations: Int
    public var firstViolations: [String]

    var commandCount: Int { commands.filter { $0.key != "unanswered" }.values.reduce(0, +) }
}
