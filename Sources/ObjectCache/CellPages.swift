internal import Glibc

/// The cells of a key table, zero at first, in pages of their own: the heap would keep what a table leaves behind as it grows,
/// some bytes for each object, and give it to nobody.
final class CellPages {
    private let cells: UnsafeMutablePointer<UInt32>
    let count: Int

    private static let pageBytes = 4096

    init(atLeast wanted: Int) {
        let bytes = (wanted * MemoryLayout<UInt32>.stride + Self.pageBytes - 1) & ~(Self.pageBytes - 1)
        let pages = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let pages, pages != MAP_FAILED else { fatalError("out of memory: \(bytes) bytes for an index") }
        count = bytes / MemoryLayout<UInt32>.stride
        cells = pages.bindMemory(to: UInt32.self, capacity: count)
    }

    deinit { munmap(cells, bytes) }

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
