internal import Synchronization

/// A count that only grows. Any thread may count; what is counted on every request should go through a ``CounterCell``
/// per event loop instead.
public final class Counter: Sendable {
    @usableFromInline let shared = AtomicWords(count: 1)
    private let cells = Mutex<[CounterCell]>([])

    init() {}

    @inlinable
    public func increment(by amount: UInt64 = 1) {
        shared.add(amount, at: 0)
    }

    /// A cell that counts into this counter and that one thread alone writes.
    public func cell() -> CounterCell {
        let cell = CounterCell()
        cells.withLock { $0.append(cell) }
        return cell
    }

    public var value: UInt64 {
        cells.withLock { cells in
            cells.reduce(shared.load(0)) { $0 &+ $1.words.load(0) }
        }
    }
}

/// One thread's share of a ``Counter``: costs a load and a store. Two threads that write the same cell lose counts.
public final class CounterCell: Sendable {
    @usableFromInline let words = AtomicWords(count: 1)

    init() {}

    @inlinable
    public func increment(by amount: UInt64 = 1) {
        words.addAlone(amount, at: 0)
    }
}
