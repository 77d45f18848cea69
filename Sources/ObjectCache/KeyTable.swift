internal import CacheProtocol

/// Key → slot of the slab: open addressing with linear probing. A cell is 4 bytes: the slot + 1, and 8 bits of the key's
/// hash, so that a probe rarely looks at an entry that isn't the one. Grows by a quarter and is at most 85 % full.
final class KeyTable {
    /// Slots that a cell can name.
    static let slotLimit: UInt32 = (1 << 24) - 2

    private let slab: EntrySlab
    private var cells = CellPages(atLeast: 1)
    private(set) var count = 0

    init(slab: EntrySlab) {
        self.slab = slab
    }

    /// Keys are SHA-256 already; mixed once more so that keys that are not (tests', another tool's) do no harm.
    private static func hash(_ low: UInt64) -> UInt64 {
        let mixed = (low ^ (low >> 32)) &* 0x9E37_79B9_7F4A_7C15
        return mixed ^ (mixed >> 29)
    }

    private func home(_ hash: UInt64) -> Int {
        Int(hash.multipliedFullWidth(by: UInt64(cells.count)).high)
    }

    private static func cell(_ hash: UInt64, _ slot: UInt32) -> UInt32 {
        (slot + 1) << 8 | UInt32(hash & 0xFF)
    }

    private func slot(_ cell: UInt32) -> UInt32 { (cell >> 8) - 1 }

    func find(_ key: CacheKey) -> UInt32? {
        position(of: key).map { slot(cells[$0]) }
    }

    private func position(of key: CacheKey) -> Int? {
        let hash = Self.hash(key.digest.low)
        let tag = UInt32(hash & 0xFF)
        var position = home(hash)
        while true {
            let cell = cells[position]
            if cell == 0 { return nil }
            if cell & 0xFF == tag {
                let entry = slab[slot(cell)]
                if entry.pointee.low == key.digest.low, entry.pointee.high == key.digest.high { return position }
            }
            position += 1
            if position == cells.count { position = 0 }
        }
    }

    /// The key isn't in the table.
    func insert(_ slot: UInt32) {
        if (count + 1) * 100 > cells.count * 85 { grow() }
        place(slot)
        count += 1
    }

    private func place(_ slot: UInt32) {
        let hash = Self.hash(slab[slot].pointee.low)
        var position = home(hash)
        while cells[position] != 0 {
            position += 1
            if position == cells.count { position = 0 }
        }
        cells[position] = Self.cell(hash, slot)
    }

    private func grow() {
        rehash(into: CellPages(atLeast: cells.count + cells.count / 4))
    }

    private func rehash(into new: CellPages) {
        let old = cells
        cells = new
        for position in 0..<old.count where old[position] != 0 { place(slot(old[position])) }
    }

    /// For the restart: room for this many entries without growing on the way.
    func reserve(_ entries: Int) {
        let wanted = entries * 100 / 85 + 64
        guard wanted > cells.count else { return }
        rehash(into: CellPages(atLeast: wanted))
    }

    func remove(_ key: CacheKey) {
        guard var hole = position(of: key) else { return }
        count -= 1
        // What follows moves back over the hole unless that would put it before its home: no tombstones.
        var next = hole
        while true {
            next += 1
            if next == cells.count { next = 0 }
            let cell = cells[next]
            if cell == 0 { break }
            let home = home(Self.hash(slab[slot(cell)].pointee.low))
            let staysReachable = hole <= next ? (home > hole && home <= next) : (home > hole || home <= next)
            if staysReachable { continue }
            cells[hole] = cell
            hole = next
        }
        cells[hole] = 0
    }

    func removeAll() {
        cells = CellPages(atLeast: 1)
        count = 0
    }

    var allocatedBytes: Int { cells.bytes }
}
