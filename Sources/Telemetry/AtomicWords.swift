public import Synchronization

/// A fixed number of atomic words on cache lines of their own, zero at first, so that two cores that count different
/// things never pull on the same line.
@usableFromInline
final class AtomicWords: Sendable {
    @usableFromInline static let cacheLineBytes = 64

    // The pointer is set once and its memory lives as long as self; every word behind it is an Atomic.
    @usableFromInline nonisolated(unsafe) let words: UnsafeMutablePointer<Atomic<UInt64>>
    let count: Int

    init(count: Int) {
        precondition(count > 0)
        self.count = count
        let line = Self.cacheLineBytes
        let bytes = (count * MemoryLayout<Atomic<UInt64>>.stride + line - 1) / line * line
        words = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: line)
            .bindMemory(to: Atomic<UInt64>.self, capacity: count)
        for index in 0..<count {
            (words + index).initialize(to: Atomic(0))
        }
    }

    deinit {
        words.deinitialize(count: count)
        UnsafeMutableRawPointer(words).deallocate()
    }

    @inlinable
    func load(_ index: Int) -> UInt64 {
        words[index].load(ordering: .relaxed)
    }

    /// For any number of writers.
    @inlinable
    func add(_ amount: UInt64, at index: Int) {
        words[index].wrappingAdd(amount, ordering: .relaxed)
    }

    /// For words that one thread alone writes: a plain load and store, without the bus lock of ``add(_:at:)``.
    @inlinable
    func addAlone(_ amount: UInt64, at index: Int) {
        words[index].store(words[index].load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }
}
