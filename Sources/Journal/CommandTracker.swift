public import CacheProtocol

/// The journal's side of the promise: the ledger of leases, and every command that is not completed yet. Pure: the
/// caller reads the clocks, commits, and tells.
///
/// Invariants
/// 1. A grant is expected here before its transaction begins, so no command that commits after it can miss it.
/// 2. A command is told here after its commit, with the ledger as it stands then.
/// 3. Acknowledging costs what it settles, not what is open: one node that is cut off must not slow the others down.
public struct CommandTracker: Sendable {
    private var ledger = LeaseLedger()
    private var open: [Revision: CommandProgress] = [:]
    private var settled: [CommandProgress] = []
    private var acknowledged: [Incarnation: Revision] = [:]
    /// Folders whose leases run out for good.
    private var forgotten: Set<UInt64> = []
    /// Not later than the first wait to end by itself; nil when nothing waits.
    public private(set) var nextRunOut: BootInstant?

    public init() {}

    /// A grant is about to be written, or was found in the journal.
    /// - Parameters:
    ///   - head: the head as far as it is known. The grant itself names this one or a greater one, for which less would
    ///     have to wait.
    ///   - now: not earlier than its holder's request was received, which the holder counts from before.
    public mutating func expect(
        _ grant: Grant, for node: NodeIdentity, _ incarnation: Incarnation, at now: BootInstant
    ) {
        ledger.record(grant, of: node, incarnation, at: now)
        // The ledger forgets what a node without a grant has acknowledged.
        if let known = acknowledged[incarnation] { ledger.acknowledge(known, by: incarnation) }
    }

    /// `revision` was committed.
    /// - Parameter lease: the longest lease of any endpoint that could answer with what the command forbids: milliseconds.
    public mutating func committed(_ revision: Revision, lease: UInt64 = .max, at instant: DeskInstant) {
        let progress = CommandProgress(
            revision: revision, awaited: ledger.awaited(for: revision, lease: lease, at: instant.boot),
            members: ledger.members(at: instant.boot), at: instant)
        if let runOut = progress.nextRunOut { nextRunOut = min(runOut, nextRunOut ?? runOut) }
        open[revision] = progress
        close(revision)
    }

    /// `incarnation` has applied, and can't answer without, everything through `revision`.
    public mutating func acknowledge(_ revision: Revision, by incarnation: Incarnation, at wall: Int64) {
        ledger.acknowledge(revision, by: incarnation)
        let before = acknowledged[incarnation] ?? .zero
        guard revision > before else { return }
        acknowledged[incarnation] = revision
        let touched: [Revision]
        if revision.rawValue - before.rawValue <= UInt64(open.count) {
            touched = (before.rawValue + 1...revision.rawValue).map(Revision.init(rawValue:)).filter { open[$0] != nil }
        } else {
            touched = open.keys.filter { $0 <= revision }
        }
        for touched in touched {
            open[touched]?.acknowledge(revision, by: incarnation, at: wall)
            close(touched)
        }
    }

    /// The process is gone, or answers nothing any more.
    /// - Parameter reason: `ended`, or `declaredDead` where that is only the operator's word.
    public mutating func end(_ incarnation: Incarnation, reason: NodeOutcome.Reason = .ended, at wall: Int64) {
        ledger.end(incarnation)
        acknowledged[incarnation] = nil
        for revision in Array(open.keys) {
            open[revision]?.end(incarnation, reason: reason, at: wall)
            close(revision)
        }
    }

    /// The operator expects nothing of a data folder any more. Its leases are waited for all the same; it is only said why
    /// they run out.
    public mutating func forget(_ folder: UInt64) {
        forgotten.insert(folder)
    }

    /// The folder has come back.
    public mutating func readmit(_ folder: UInt64) {
        forgotten.remove(folder)
    }

    /// Time has passed.
    public mutating func pass(_ instant: DeskInstant) {
        ledger.forgetRunOut(at: instant.boot)
        let live = Set(ledger.members(at: instant.boot).map(\.incarnation))
        acknowledged = acknowledged.filter { live.contains($0.key) }
        guard let due = nextRunOut, due <= instant.boot else { return }
        for revision in Array(open.keys) {
            open[revision]?.pass(instant, forgotten: forgotten)
            close(revision)
        }
        nextRunOut = open.values.compactMap(\.nextRunOut).min()
    }

    private mutating func close(_ revision: Revision) {
        guard let progress = open[revision], progress.isSettled else { return }
        open[revision] = nil
        settled.append(progress)
        if open.isEmpty { nextRunOut = nil }
    }

    /// Commands that were settled since the last call, to be recorded as completed.
    public mutating func takeSettled() -> [CommandProgress] {
        defer { settled = [] }
        return settled
    }

    public func progress(of revision: Revision) -> CommandProgress? {
        open[revision]
    }

    public var openCount: Int { open.count }

    public var firstOpen: Revision? { open.keys.min() }

    /// Nodes that hold a grant in force.
    public func members(at now: BootInstant) -> [LeaseLedger.Member] {
        ledger.members(at: now)
    }
}
