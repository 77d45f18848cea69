internal import Foundation
internal import Synchronization

/// Somebody who changes pictures and purges, erases and lifts them, one command after the other, each until Completed.
///
/// Every changing source belongs to one commander, so a source's versions and its erasures have an order that is known.
struct ProofCommander: Sendable {
    let sources: [Int]
    let shelf: SourceShelf
    let api: ProofAPI
    let record: ProofRecord
    let moments: ProofMoments
    let draws: SeededDraws
    let stream: UInt64
    /// Microseconds from one command to the next.
    let pace: UInt32
    /// One command in so many purges everything; 0 is none.
    let allEvery: Int
    /// Seconds after which a command that has not completed is a violation: every fault has ended long before.
    let patience: Double
    let isOver: @Sendable () -> Bool

    func run() {
        var position = 0
        while !isOver() {
            step(position)
            position += 1
            usleep(pace)
        }
    }

    private func step(_ position: Int) {
        let source = sources[draws.index(below: sources.count, at: position, stream: stream)]
        let choice = draws.index(below: 100, at: position, stream: stream + 1)
        // Sometimes nothing new lies there, as when somebody purges to be sure.
        if choice % 10 != 0 { replace(source) }
        if allEvery > 0, draws.index(below: allEvery, at: position, stream: stream + 2) == 0 {
            perform(.purge, .all)
        } else if choice < 45 {
            perform(.purge, .url(source: source, variant: draws.index(below: ProofVariant.all.count, at: position, stream: stream + 3)))
        } else if choice < 85 {
            perform(.purge, .source(source))
        } else {
            perform(.erase, .source(source))
            if choice % 2 == 0 { replace(source) }
            // Whether the erase was taken may be unknown; the lift must be, or the source is gone for good.
            while !perform(.lift, .source(source)), record.violations == 0 { usleep(20_000) }
        }
    }

    private func replace(_ source: Int) {
        do { try shelf.replace(source) } catch {
            record.violate(Violation(kind: .unexplainedStatus, detail: "the proof can't write its own sources: \(reason(error))"))
        }
    }

    /// False when the command got no answer, so that nobody knows whether it was taken.
    @discardableResult private func perform(_ kind: ProofCommandKind, _ scope: ProofScope) -> Bool {
        let command = record.issue(kind, scope, versions: shelf.versions(of: scope))
        moments.happened(.issuing)
        switch api.issue(kind, scope) {
        case .notSent: return false
        case .unanswered:
            record.unanswered()
            return false
        case .refused(let status, let text):
            // A node that goes down or comes up says so; anything else is wrong.
            if status != 503 { fail(.unexplainedStatus, kind, scope, "the API answered \(status): \(text)") }
            record.unanswered()
            return false
        case .answered(let status, _):
            record.acknowledged(kind, scope)
            moments.happened(.acknowledged)
            return status.isCompleted ? completed(command) : wait(for: command, kind, scope, status.revision)
        }
    }

    private func completed(_ command: Int) -> Bool {
        record.complete(command)
        moments.happened(.completed)
        return true
    }

    private func wait(for command: Int, _ kind: ProofCommandKind, _ scope: ProofScope, _ revision: Int) -> Bool {
        let deadline = monotonicNow() + nanoseconds(patience)
        while monotonicNow() < deadline {
            switch api.status(of: revision, wait: 10) {
            case .answered(let status, _):
                guard status.kind == kind.rawValue else {
                    fail(.lostCommand, kind, scope, "revision \(revision) is a \(status.kind) now")
                    return true
                }
                if status.isCompleted { return completed(command) }
            case .refused(404, _):
                fail(.lostCommand, kind, scope, "revision \(revision) is not in the journal")
                return true
            case .refused, .unanswered, .notSent:
                // The origin is down: it is started again, and then it must know.
                usleep(10_000)
            }
        }
        fail(.neverCompleted, kind, scope, "revision \(revision), after \(Format.seconds(patience))")
        return true
    }

    private func fail(_ violation: Violation.Kind, _ kind: ProofCommandKind, _ scope: ProofScope, _ detail: String) {
        record.violate(Violation(kind: violation, detail: "\(kind.rawValue) \(scope): \(detail)"))
    }
}
