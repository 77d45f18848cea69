internal import CacheProtocol

/// Which fills are under way, and who waits for them (DESIGN §4, rule 12). A pure value: the shell (ObjectCache+Fill)
/// locks it, starts fills and wakes waiters.
///
/// 1. A waiter joins a fill only if it was begun with demands at least as new as the waiter's own (`FillDemand`); else it
///    starts one of its own, which later waiters join. So there may be several fills of one key, each newer than the last.
/// 2. A fill lives from `enter` that started it to its `end`, whether or not anybody still waits for it.
/// 3. A waiter is handed out exactly once: by `leave` or by `end`.
struct FillTable<Waiter> {
    struct FillID: Hashable, Sendable {
        var number: UInt64
    }

    struct WaiterID: Hashable, Sendable {
        var fill: FillID
        var number: UInt64
    }

    private struct Fill {
        let id: FillID
        let begunWith: FillDemand
        var waiters: [UInt64: Waiter] = [:]
    }

    /// Fills under way at once; one more is refused. A fill outlives those who wait for it, so bounding them bounds nothing.
    let capacity: Int
    private var fills: [CacheKey: [Fill]] = [:]
    /// Fills under way.
    private(set) var count = 0
    private var nextNumber: UInt64 = 0

    enum Entry: Hashable, Sendable {
        /// Nobody fills what this waiter may have: start the fill.
        case lead(WaiterID)
        case collapse(WaiterID)
        /// As many fills as may be are under way; the waiter was not taken.
        case refuse
    }

    init(capacity: Int) {
        self.capacity = capacity
    }

    mutating func enter(_ key: CacheKey, _ demand: FillDemand, _ waiter: Waiter) -> Entry {
        nextNumber += 1
        let number = nextNumber
        if let place = fills[key]?.lastIndex(where: { $0.begunWith.satisfies(demand) }),
            let id = fills[key]?[place].id
        {
            fills[key]?[place].waiters[number] = waiter
            return .collapse(WaiterID(fill: id, number: number))
        }
        guard count < capacity else { return .refuse }
        count += 1
        let id = FillID(number: number)
        fills[key, default: []].append(Fill(id: id, begunWith: demand, waiters: [number: waiter]))
        return .lead(WaiterID(fill: id, number: number))
    }

    /// The waiter gives up. Nil if it has been served already.
    mutating func leave(_ key: CacheKey, _ id: WaiterID) -> Waiter? {
        guard let place = fills[key]?.firstIndex(where: { $0.id == id.fill }) else { return nil }
        return fills[key]?[place].waiters.removeValue(forKey: id.number)
    }

    /// The fill is over, whatever it brought.
    /// - Returns: those who wait for it still.
    mutating func end(_ key: CacheKey, _ id: FillID) -> [Waiter] {
        guard let place = fills[key]?.firstIndex(where: { $0.id == id }), let fill = fills[key]?.remove(at: place) else {
            return []
        }
        count -= 1
        if fills[key]?.isEmpty ?? false { fills[key] = nil }
        return Array(fill.waiters.values)
    }

    /// Those who wait for any of them.
    var waiterCount: Int { fills.values.joined().reduce(0) { $0 + $1.waiters.count } }
}

/// What a request wants of a fill, and what a fill was begun with.
struct FillDemand: Hashable, Sendable {
    /// The result must be filled at this revision or later.
    var newestMatch: Revision
    /// Only a fill begun with one at least as new may be joined. Never less than `newestMatch`; more where commands may
    /// match what the fill brings, though nobody can know before it is there (tags).
    var joinFrom: Revision
    /// How often the cache had been emptied. What was begun before answers those who asked before.
    var generation: UInt64

    func satisfies(_ other: FillDemand) -> Bool {
        newestMatch >= other.newestMatch && joinFrom >= other.joinFrom && generation >= other.generation
    }
}
