/// The cells of a key table, zero at first.
final class CellPages {
    private let cells: UnsafeMutablePointer<UInt32>
    let count: Int

    init(atLeast wanted: Int) {
        let bytes = ZeroPages.roundedUp(wanted * MemoryLayout<UInt32>.stride)
        count = bytes / MemoryLayout<UInt32>.stride
        cells = ZeroPages.map(bytes).bindMemory(to: UInt32.self, capacity: count)
    }

    deinit { ZeroPages.unmap(cells, bytes) }

    var bytes: Int { count * MemoryLayout<UInt32>.stride }

    subscript(position: Int) -> UInt32 {
        get {
            // A table's arithmetic keeps positions inside; this says so where it does not.
            precondition(position >= 0 && position < count)
            return cells[position]
        }
        set {
            precondition(position >= 0 && position < count)
            cells[position] = newValue
        }
    }
}
