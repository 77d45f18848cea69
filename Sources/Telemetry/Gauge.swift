public import Synchronization

/// A value that goes up and down. What can be read where it lives (a queue's length, a cache's size) needs no gauge to be
/// kept up to date: register a closure with ``MetricsRegistry/gauge(_:help:labels:read:)`` instead.
public final class Gauge: Sendable {
    @usableFromInline let current = Atomic<Int64>(0)

    init() {}

    @inlinable
    public func set(_ value: Int64) {
        current.store(value, ordering: .relaxed)
    }

    @inlinable
    public func add(_ amount: Int64) {
        current.wrappingAdd(amount, ordering: .relaxed)
    }

    public var value: Int64 {
        current.load(ordering: .relaxed)
    }
}
