/// Judges the clients' log: no request sent after a command's Completed had been seen is answered with bytes that the
/// command forbade.
///
/// A pure value: whoever drives it tells the commands in the order of their instants, and asks about an answer only when
/// every command that was completed before the answer's request is told. It needs to know nothing of nodes, revisions,
/// crashes or leases, which is what makes it worth believing: it sees what users see.
///
/// A command without an answer (its origin was killed) may or may not have been taken. It forbids nothing, but it
/// explains: an erase of that kind may cause a 410 at any later time, until a lift issued later is completed.
struct HistoryChecker: Sendable {
    /// A hit that was seen so long ago shows that the object was on the disk: nanoseconds. A write waits in memory until
    /// then, and what only memory holds may die with a process.
    static let settling: UInt64 = 3_000_000_000
    /// What no fault explains: an object that exists and is not erased answers 200, or 5xx while something is down.
    private static let explained: Set<Int> = [502, 503, 504]

    private struct Command: Sendable {
        var kind: ProofCommandKind
        var scope: ProofScope
        /// Of every source that the scope holds: the version that the storage had when the command was issued.
        var versions: [Int: Int]
        var issued: UInt64
        var completed: UInt64?
    }

    /// From `since` on, requests get `version` or a newer one.
    private struct Floor: Sendable {
        var since: UInt64
        var version: Int
    }

    private struct Erasure: Sendable {
        var issued: UInt64
        var completed: UInt64?
        var liftIssued: UInt64?
        var liftCompleted: UInt64?
    }

    private struct Place: Hashable, Sendable {
        var edge: Int
        var source: Int
        var variant: Int
    }

    private struct VariantVersion: Hashable, Sendable {
        var source: Int
        var variant: Int
        var version: Int
    }

    private let variants: Int
    /// Sources that only `all` ever touches.
    private let untouched: Set<Int>
    private var commands: [Command] = []
    private var floors: [[Floor]]
    private var erasures: [[Erasure]]
    private var digests: [VariantVersion: UInt64] = [:]
    private var settledSince: [Place: UInt64] = [:]
    /// Of the newest `all`: when it was issued, and from when on no node can still have it before itself.
    private var lastAll: (issued: UInt64, settled: UInt64?)?

    /// Answers that were judged, and those that a completed command bound.
    private(set) var judged = 0
    private(set) var bound = 0
    /// Hits of untouched objects that had to be hits.
    private(set) var keptHits = 0

    init(sources: Int, variants: Int, untouched: Set<Int>) {
        self.variants = variants
        self.untouched = untouched
        floors = Array(repeating: [], count: sources * variants)
        erasures = Array(repeating: [], count: sources)
    }

    // MARK: Commands

    /// Tells that a command is about to be sent. The result names it from then on.
    mutating func issue(_ kind: ProofCommandKind, _ scope: ProofScope, versions: [Int: Int], at instant: UInt64) -> Int {
        commands.append(Command(kind: kind, scope: scope, versions: versions, issued: instant, completed: nil))
        if scope == .all { lastAll = (instant, nil) }
        for source in versions.keys {
            switch kind {
            case .purge: break
            case .erase: erasures[source].append(Erasure(issued: instant))
            case .lift:
                for index in erasures[source].indices where erasures[source][index].liftIssued == nil {
                    erasures[source][index].liftIssued = instant
                }
            }
        }
        return commands.count - 1
    }

    /// Tells that Completed was seen.
    mutating func complete(_ index: Int, at instant: UInt64) {
        commands[index].completed = instant
        let command = commands[index]
        // Nodes apply in order: a command issued after the last `all` that is completed says that this one is behind all.
        if let all = lastAll, all.settled == nil, command.issued >= all.issued { lastAll?.settled = instant }
        for (source, version) in command.versions {
            switch command.kind {
            case .purge:
                raise(source, command.scope, to: version, at: instant)
            case .erase:
                raise(source, .source(source), to: version, at: instant)
                if let last = erasures[source].lastIndex(where: { $0.issued == command.issued }) {
                    erasures[source][last].completed = instant
                }
            case .lift:
                for index in erasures[source].indices where erasures[source][index].issued < command.issued {
                    if erasures[source][index].liftCompleted == nil { erasures[source][index].liftCompleted = instant }
                }
            }
        }
    }

    private mutating func raise(_ source: Int, _ scope: ProofScope, to version: Int, at instant: UInt64) {
        for variant in 0..<variants {
            if case .url(_, let named) = scope, named != variant { continue }
            let key = source * variants + variant
            if let last = floors[key].last, last.version >= version { continue }
            floors[key].append(Floor(since: instant, version: version))
        }
    }

    // MARK: Answers

    mutating func judge(_ answer: ClientAnswer) -> Violation? {
        judged += 1
        switch answer.status {
        case 200: return judgeBytes(answer)
        case 410:
            let mayBeErased = erasures[answer.source].contains {
                $0.issued < answer.received && ($0.liftCompleted ?? .max) >= answer.sent
            }
            return mayBeErased ? nil : violation(.goneWithoutErase, answer)
        default:
            return Self.explained.contains(answer.status) ? nil : violation(.unexplainedStatus, answer)
        }
    }

    private mutating func judgeBytes(_ answer: ClientAnswer) -> Violation? {
        guard let version = answer.version else { return violation(.corruptBytes, answer) }
        let erasure = erasures[answer.source].last {
            ($0.completed ?? .max) < answer.sent && ($0.liftIssued ?? .max) > answer.received
        }
        if erasure != nil { return violation(.erasedBytes, answer) }
        if let floor = floor(of: answer.source, answer.variant, at: answer.sent) {
            bound += 1
            if version < floor.version {
                return violation(
                    .oldBytes, answer,
                    "version \(floor.version) was demanded since \(Format.milliseconds(Double(answer.sent - floor.since) / 1e6)) before the request")
            }
        }
        let name = VariantVersion(source: answer.source, variant: answer.variant, version: version)
        if let digest = digests[name], digest != answer.digest { return violation(.corruptBytes, answer) }
        digests[name] = answer.digest
        return untouched.contains(answer.source) ? judgeUntouched(answer) : nil
    }

    private func floor(of source: Int, _ variant: Int, at instant: UInt64) -> Floor? {
        floors[source * variants + variant].last { $0.since < instant }
    }

    private mutating func judgeUntouched(_ answer: ClientAnswer) -> Violation? {
        let place = Place(edge: answer.edge, source: answer.source, variant: answer.variant)
        if let all = lastAll {
            guard let settled = all.settled, settled < answer.sent else { return nil }
            if let since = settledSince[place], since < settled { settledSince[place] = nil }
        }
        guard let since = settledSince[place] else {
            if answer.isHit { settledSince[place] = answer.received }
            return nil
        }
        guard answer.sent > since + Self.settling else { return nil }
        if answer.isHit { keptHits += 1 }
        return answer.isHit ? nil : violation(.lostObject, answer)
    }

    private func violation(_ kind: Violation.Kind, _ answer: ClientAnswer, _ note: String = "") -> Violation {
        Violation(kind: kind, detail: """
            edge-\(answer.edge + 1) source \(answer.source) variant \(answer.variant) answered \(answer.status) with version \
            \(answer.version.map(String.init) ?? "none")\(answer.isHit ? " from its cache" : ""), received \
            \(Format.milliseconds(Double(answer.received - min(answer.sent, answer.received)) / 1e6)) after it was sent\(note.isEmpty ? "" : "; \(note)")
            """)
    }
}
