/// What a seed decides before anything happens. Each history has some kinds of faults only: many at once hide each other.
struct SimulationSettings {
    enum Fault: CaseIterable {
        case killEdge, killEdgeOften, killOrigin, lingerOn, cutOff, pause, pauseOrigin, disk, originDisk, storageFails
        case restore, clone, wallClock, fold, evict, leaveForGood, forget, change
    }

    var edges: Int
    /// By endpoint: milliseconds.
    var leases: [UInt64]
    /// Nanoseconds: how long there are faults.
    var length: UInt64
    var commands: Int
    var requests: Int
    /// Whether any image is erased: else nothing has to be aborted.
    var erases: Bool
    /// Images that are asked for.
    var images: Int
    /// Per cent of messages.
    var lost: Int
    var doubled: Int
    var slow: Int
    /// Entries in one answer.
    var batch: Int
    var ruleLimit: Int
    var faults: [Fault]
    var faultCount: Int
    /// Per mille of ticks of an edge's event loop.
    var pausesAtATick: Int
    /// Milliseconds.
    var maxAge: Int64
    var sourceMaxAge: Int64
    var staleIfError: Int64
    var firstStorageIsLocal: Bool
    /// Of any configuration there may be: milliseconds.
    var longestLease: UInt64

    init(_ random: inout SeededGenerator) {
        edges = random.pick([2, 2, 3, 3, 4])
        let short: UInt64 = random.pick([2_000, 2_000, 5_000])
        leases = random.pick([[short, short], [short, short * 3], [short * 3, short]])
        longestLease = short * 3
        length = longestLease * random.pick([1_400_000, 2_000_000])
        commands = 3 + random.index(below: 22)
        requests = 30 + random.index(below: 90)
        erases = random.chance(65)
        images = 1 + random.index(below: 4)
        lost = random.pick([0, 0, 3, 10])
        doubled = random.pick([0, 0, 10])
        slow = random.pick([0, 3, 15])
        batch = random.pick([1, 2, 4, 200, 200])
        ruleLimit = random.pick([3, 5, 1_000, 1_000])
        var all = Fault.allCases
        faults = (0..<2 + random.index(below: 5)).map { _ in all.remove(at: random.index(below: all.count)) }
        faultCount = random.index(below: 14)
        pausesAtATick = random.pick([0, 0, 0, 5, 30])
        maxAge = random.pick([1_000, 10_000, 1_000_000_000, 1_000_000_000])
        sourceMaxAge = random.pick([1_000, 10_000, 1_000_000_000])
        staleIfError = random.pick([0, 1_000_000_000])
        firstStorageIsLocal = random.chance(20)
    }
}
