/// The reference: numbers in the order of their last use, and nothing else. Whoever has it says what is used, and how often the
/// oldest goes.
struct RecencyList {
    private static let none = Int32(-1)
    /// Neighbours by number; a number is in the list if and only if `isThere`.
    private var newer: [Int32]
    private var older: [Int32]
    private var isThere: [Bool]
    private var newest = Self.none
    private var oldest = Self.none

    /// - Parameter count: numbers below this.
    init(below count: Int) {
        newer = Array(repeating: Self.none, count: count)
        older = newer
        isThere = Array(repeating: false, count: count)
    }

    func contains(_ number: Int) -> Bool { isThere[number] }

    /// The number is the newest from now on, whether it was there or not.
    mutating func use(_ number: Int) {
        if isThere[number] { unlink(number) }
        isThere[number] = true
        newer[number] = Self.none
        older[number] = newest
        if newest != Self.none { newer[Int(newest)] = Int32(number) } else { oldest = Int32(number) }
        newest = Int32(number)
    }

    mutating func removeOldest() -> Int? {
        guard oldest != Self.none else { return nil }
        let number = Int(oldest)
        unlink(number)
        isThere[number] = false
        return number
    }

    private mutating func unlink(_ number: Int) {
        let (newer, older) = (newer[number], older[number])
        if newer != Self.none { self.older[Int(newer)] = older } else { newest = older }
        if older != Self.none { self.newer[Int(older)] = newer } else { oldest = newer }
    }
}

/// LRU by bytes of bodies, to the last byte of a limit: what a cache without heads, blocks, dead space and reserve would reach.
struct IdealCache {
    private var list: RecencyList
    private let limit: Int
    private var used = 0

    init(below count: Int, limit: Int) {
        list = RecencyList(below: count)
        self.limit = limit
    }

    /// - Returns: whether it was a hit.
    mutating func ask(_ number: Int, sizes: [Int]) -> Bool {
        let isHit = list.contains(number)
        list.use(number)
        if !isHit { used += sizes[number] }
        while used > limit, let gone = list.removeOldest() { used -= sizes[gone] }
        return isHit
    }
}
