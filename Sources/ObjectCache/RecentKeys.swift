internal import CacheProtocol

/// The keys that were noted last, in fixed memory: at least `keys` of them and at most twice as many.
///
/// Two generations of fingerprints, each an open-addressed table of 4-byte cells with linear probing. When the younger
/// holds `keys`, it becomes the older, and the older is emptied: 10.7 bytes for each of `keys`.
///
/// A table is at most three quarters full, where a search for what is not there sees 7.5 fingerprints on average. So a key
/// that was never noted is taken for one that was with a probability of at most 2 · 7.5 / 2³², one in 280 million.
struct RecentKeys {
    private let keys: Int
    private var young: [UInt32]
    private var old: [UInt32]
    private var count = 0

    init(remembering keys: Int) {
        self.keys = keys
        let cells = keys == 0 ? 0 : keys * 4 / 3 + 1
        young = [UInt32](repeating: 0, count: cells)
        old = young
    }

    /// - Returns: whether it was noted before.
    mutating func note(_ key: CacheKey) -> Bool {
        // Other bits of the digest than those that say the place. 0 is an empty cell.
        let fingerprint = max(1, UInt32(truncatingIfNeeded: key.digest.high))
        let home = Int(key.digest.low.multipliedFullWidth(by: UInt64(young.count)).high)
        let place = Self.place(of: fingerprint, from: home, in: young)
        if young[place] == fingerprint { return true }
        let wasKnown = old[Self.place(of: fingerprint, from: home, in: old)] == fingerprint
        // What only the older knows is one of the last again.
        young[place] = fingerprint
        count += 1
        if count == keys { turnOver() }
        return wasKnown
    }

    /// Where the fingerprint stands, or the empty cell where it would.
    private static func place(of fingerprint: UInt32, from home: Int, in cells: [UInt32]) -> Int {
        var place = home
        while cells[place] != 0, cells[place] != fingerprint {
            place += 1
            if place == cells.count { place = 0 }
        }
        return place
    }

    private mutating func turnOver() {
        swap(&young, &old)
        for place in young.indices { young[place] = 0 }
        count = 0
    }

    var allocatedBytes: Int { (young.capacity + old.capacity) * MemoryLayout<UInt32>.stride }
}
