import CacheProtocol
import Journal
import Synchronization

/// A journal whose answers a test can hold back after the work is done, or refuse.
final class GatedJournal: Journal {
    /// Open until it is shut.
    final class Gate: Sendable {
        private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((true, []))
        private let arrivals = AsyncStream<Void>.makeStream()

        func shut() { state.withLock { $0.isOpen = false } }

        func open() {
            let waiting = state.withLock { state in
                defer { state = (true, []) }
                return state.waiting
            }
            for waiter in waiting { waiter.resume() }
        }

        func pass() async {
            arrivals.continuation.yield()
            await withCheckedContinuation { continuation in
                let passes = state.withLock { state in
                    if !state.isOpen { state.waiting.append(continuation) }
                    return state.isOpen
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
    let grantGate = Gate(), completeGate = Gate()
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
    func append(_ command: Command, issuedBy: String, at: Int64) async throws -> JournalEntry {
        let entry = try await base.append(command, issuedBy: issuedBy, at: at)
        if losesAppends.load(ordering: .relaxed) { throw Refused() }
        return entry
    }
    func entries(after: Revision, limit: Int) async throws -> [JournalEntry] {
        try await base.entries(after: after, limit: limit)
    }
    func chain(at revision: Revision) async throws -> ChainDigest? { try await base.chain(at: revision) }
    func endOthers(than incarnation: Incarnation, of node: NodeIdentity) async throws -> [Incarnation] {
        try await base.endOthers(than: incarnation, of: node)
    }
    func end(_ incarnation: Incarnation) async throws { try await base.end(incarnation) }
    func members() async throws -> [StoredMember] { try await base.members() }
    func grants() async throws -> [StoredGrant] { try await base.grants() }
    func forget(_ grants: [StoredGrant.Serial]) async throws { try await base.forget(grants) }
    func completions(of revisions: ClosedRange<Revision>) async throws -> [Completion] {
        try await base.completions(of: revisions)
    }
    func pending() async throws -> [JournalEntry] { try await base.pending() }
}
