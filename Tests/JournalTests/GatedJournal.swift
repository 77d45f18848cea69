import CacheProtocol
import Journal
import Synchronization

/// A journal whose answers a test can hold back after the work is done, or refuse.
final class GatedJournal: Journal {
    /// Open until it is shut.
    final class Gate: Sendable {
        private let state = Mutex<(isOpen: Bool, exceptions: Int, waiting: [CheckedContinuation<Void, Never>])>((true, 0, []))
        private let arrivals = AsyncStream<Void>.makeStream()

        func shut() { state.withLock { $0.isOpen = false } }

        func open() {
            let waiting = state.withLock { state in
                defer { state = (true, 0, []) }
                return state.waiting
            }
            for waiter in waiting { waiter.resume() }
        }

        /// Lets the one go that has waited the longest; it stays shut.
        func releaseFirst() {
            state.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }?.resume()
        }

        /// Lets one through, though shut.
        func passesNext() { state.withLock { $0.exceptions += 1 } }

        func pass() async {
            arrivals.continuation.yield()
            await withCheckedContinuation { continuation in
                let passes = state.withLock { state in
                    if state.isOpen { return true }
                    if state.exceptions > 0 {
                        state.exceptions -= 1
                        return true
                    }
                    state.waiting.append(continuation)
                    return false
                }
                if passes { continuation.resume() }
            }
        }

        /// Returns when somebody has come to the gate.
        func arrival() async {
            for await _ in arrivals.stream { return }
        }
    }

    struct Refused: Error {}

    private let base: any Journal
    let appendGate = Gate(), grantGate = Gate(), completeGate = Gate(), recordGate = Gate(), joinGate = Gate()
    let refusesCompletions = Atomic(false)
    /// Appends are done, and fail all the same.
    let losesAppends = Atomic(false)

    init(_ base: any Journal) {
        self.base = base
    }

    var id: JournalID { base.id }

    func grant(_ duration: UInt64, to node: NodeIdentity, _ incarnation: Incarnation) async throws -> Grant {
        let grant = try await base.grant(duration, to: node, incarnation)
        await grantGate.pass()
        return grant
    }

    func complete(_ completions: [Completion]) async throws {
        await completeGate.pass()
        if refusesCompletions.load(ordering: .relaxed) { throw Refused() }
        try await base.complete(completions)
    }

    func head() async throws -> JournalHead { try await base.head() }
    func append(_ commands: [Command], issuedBy: String, at: Int64) async throws -> [JournalEntry] {
        let entries = try await base.append(commands, issuedBy: issuedBy, at: at)
        await appendGate.pass()
        if losesAppends.load(ordering: .relaxed) { throw Refused() }
        return entries
    }
    func entries(after: Revision, limit: Int) async throws -> [JournalEntry] {
        try await base.entries(after: after, limit: limit)
    }
    func entries(of kinds: [CommandKind], after: Revision, limit: Int) async throws -> [JournalEntry] {
        try await base.entries(of: kinds, after: after, limit: limit)
    }
    func records(of revisions: ClosedRange<Revision>) async throws -> [JournalRecord] {
        try await base.records(of: revisions)
    }
    func chain(at revision: Revision) async throws -> ChainDigest? { try await base.chain(at: revision) }
    func endOthers(than incarnation: Incarnation, of node: NodeIdentity) async throws -> [Incarnation] {
        let ended = try await base.endOthers(than: incarnation, of: node)
        await joinGate.pass()
        return ended
    }
    func end(_ incarnation: Incarnation) async throws { try await base.end(incarnation) }
    func members() async throws -> [StoredMember] { try await base.members() }
    func leasesAreKnown() async throws { try await base.leasesAreKnown() }
    func grants() async throws -> [StoredGrant] { try await base.grants() }
    func forget(_ grants: [StoredGrant.Serial]) async throws { try await base.forget(grants) }
    func completions(of revisions: ClosedRange<Revision>) async throws -> [Completion] {
        try await base.completions(of: revisions)
    }
    func pending() async throws -> [JournalEntry] { try await base.pending() }
    func readmit(_ folder: UInt64, at applied: Revision) async throws { try await base.readmit(folder, at: applied) }
    func completedConfiguration() async throws -> JournalEntry? { try await base.completedConfiguration() }
    func record(_ reports: [RemovalReport], of folder: UInt64) async throws {
        try await base.record(reports, of: folder)
        await recordGate.pass()
    }
    func removals(of revisions: ClosedRange<Revision>) async throws -> [StoredRemoval] {
        try await base.removals(of: revisions)
    }
    func markRemoved(_ revisions: [Revision], at: Int64) async throws { try await base.markRemoved(revisions, at: at) }
    func unremoved() async throws -> [JournalEntry] { try await base.unremoved() }
    func snapshot() async throws -> RuleSnapshot? { try await base.snapshot() }
    func compact(through revision: Revision, ruleLimit: Int) async throws {
        try await base.compact(through: revision, ruleLimit: ruleLimit)
    }
}
