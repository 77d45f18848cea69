public import CacheProtocol
internal import Synchronization

typealias FillWaiter = CheckedContinuation<FillOutcome, any Error>

struct FillOutcome: Sendable {
    var object: CachedObject
    /// Nobody had to fetch it.
    var wasFound: Bool
}

extension ObjectCache {
    /// The object that `fill` brings, at the price of one fill for all who ask at once.
    ///
    /// The fill runs in a task of its own: it goes on, and its result is stored, though everybody who waited gives up.
    /// Whoever gives up leaves the others undisturbed. When it fails, all who wait get its error, and the next to ask
    /// starts another.
    /// - Parameters:
    ///   - newestMatch: the newest command that could match the answer (`RuleBook.newestMatch`). The fill must be at least
    ///     this new (DESIGN §4, rule 12).
    ///   - joinFrom: what another request's fill must have been begun with to be waited for: `newestMatch`, or a later
    ///     command that may match by a tag, which nobody knows before the answer is there. Nil means `newestMatch`.
    ///   - isUsable: whether an object that the cache holds answers already, because a fill ended just before this call.
    ///     A caller who replaces an object that is too old must say no to that one.
    /// - Throws: the fill's error; `CancellationError`; `ObjectCacheError` if the fill is older than `newestMatch`, or if
    ///   `maximumFills` are under way (`isOverload`).
    public func object(
        for key: CacheKey, newestMatch: Revision, joinFrom: Revision? = nil,
        accepting isUsable: @escaping @Sendable (CachedObject) -> Bool = { $0.staleBy == nil },
        fill: @escaping @Sendable () async throws -> Filled
    ) async throws -> (object: CachedObject, role: FillRole) {
        let ticket = FillTicket()
        // Read once: a fill that is entered under one generation must not be stored under the next.
        let demand = FillDemand(
            newestMatch: newestMatch, joinFrom: max(newestMatch, joinFrom ?? newestMatch),
            generation: core.generation.load(ordering: .sequentiallyConsistent))
        let outcome = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (waiter: FillWaiter) in
                let entry = fills.withLock { $0.enter(key, demand, waiter) }
                switch entry {
                case .refuse:
                    return waiter.resume(throwing: ObjectCacheError.overloaded)
                case .collapse(let id):
                    ticket.take(id, isLeader: false)
                case .lead(let id):
                    ticket.take(id, isLeader: true)
                    start(key, id.fill, demand, accepting: isUsable, fill)
                }
                // The handler may have run before there was a ticket.
                if Task.isCancelled { giveUp(key, ticket) }
            }
        } onCancel: {
            giveUp(key, ticket)
        }
        if outcome.wasFound { return (outcome.object, .found) }
        return (outcome.object, ticket.isLeader ? .led : .collapsed)
    }

    private func giveUp(_ key: CacheKey, _ ticket: FillTicket) {
        guard let id = ticket.id else { return }
        fills.withLock { $0.leave(key, id) }?.resume(throwing: CancellationError())
    }

    private func start(
        _ key: CacheKey, _ id: FillTable<FillWaiter>.FillID, _ demand: FillDemand,
        accepting isUsable: @escaping @Sendable (CachedObject) -> Bool,
        _ fill: @escaping @Sendable () async throws -> Filled
    ) {
        Task {
            let result: Result<FillOutcome, any Error>
            do {
                if let object = present(key, newestMatch: demand.newestMatch, isUsable) {
                    result = .success(FillOutcome(object: object, wasFound: true))
                } else {
                    let applied = core.rules.applied
                    let filled = try await fill()
                    let object = try commit(key, filled, demand, applied: applied)
                    result = .success(FillOutcome(object: object, wasFound: false))
                }
            } catch {
                result = .failure(error)
            }
            // After the commit: who comes now finds no fill, leads, and finds the object.
            for waiter in fills.withLock({ $0.end(key, id) }) { waiter.resume(with: result) }
        }
    }

    private func present(
        _ key: CacheKey, newestMatch: Revision, _ isUsable: (CachedObject) -> Bool
    ) -> CachedObject? {
        guard case .hit(let object) = lookup(key), object.metadata.fillRevision >= newestMatch, isUsable(object) else {
            return nil
        }
        return object
    }

    /// - Parameter applied: before the fill began. Its answer may come from before a restore of the journal, and this node may
    ///   since have applied what stands in place of the revisions that the answer means.
    private func commit(_ key: CacheKey, _ filled: Filled, _ demand: FillDemand, applied: Revision) throws -> CachedObject {
        let fill = filled.metadata.fillRevision
        guard fill >= demand.newestMatch else { throw ObjectCacheError.fillTooOld("\(fill)", "\(demand.newestMatch)") }
        let record = CachedRecord(metadata: stamped(filled.metadata, applied), content: .memory(filled.body))
        // Refused or not: those who wait asked before any command that refuses it (else they had not joined).
        if filled.mayStore { _ = store(key, record, body: filled.body, generation: demand.generation) }
        return CachedObject(record)
    }
}

/// What a waiting request knows of its place in the table.
private final class FillTicket: Sendable {
    private let state = Mutex<(id: FillTable<FillWaiter>.WaiterID, isLeader: Bool)?>(nil)

    func take(_ id: FillTable<FillWaiter>.WaiterID, isLeader: Bool) {
        state.withLock { $0 = (id, isLeader) }
    }

    var id: FillTable<FillWaiter>.WaiterID? { state.withLock { $0?.id } }
    var isLeader: Bool { state.withLock { $0?.isLeader ?? false } }
}
