internal import Glibc

/// Memory that the index asks of the kernel by the page, zero at first: nothing else lies between, all of it goes back when it
/// is freed, and what was never written takes no room. In the heap an index grows among short-lived records, and the holes
/// that they leave behind stay with the process: 10 bytes for each of a million objects.
enum ZeroPages {
    static let pageBytes = 4096

    /// Ends the process where there is no memory left, as every allocation of Swift's own does: there is no going on beside them.
    ///
    /// - Parameter bytes: a multiple of `pageBytes`.
    static func map(_ bytes: Int) -> UnsafeMutableRawPointer {
        let pages = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let pages, pages != MAP_FAILED else { fatalError("out of memory: \(bytes) bytes for an index") }
        return pages
    }

    static func unmap(_ pages: UnsafeMutableRawPointer, _ bytes: Int) {
        munmap(pages, bytes)
    }

    static func roundedUp(_ bytes: Int) -> Int {
        (bytes + pageBytes - 1) & ~(pageBytes - 1)
    }
}
