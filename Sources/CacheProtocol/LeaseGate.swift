internal import Synchronization

/// What a request asks before it is answered: one clock read and one atomic load.
public final class LeaseGate: Sendable {
    private let holder = Mutex(LeaseHolder())
    private let until = Atomic<UInt64>(0)

    public init() {}

    /// - Parameter now: read after the request's bytes were read, never a cached tick: a process that was stopped after
    ///   it looked at the clock would otherwise answer beyond its lease.
    public func mayAnswer(at now: BootInstant) -> Bool {
        now.nanoseconds < until.load(ordering: .acquiring)
    }

    public var answersUntil: BootInstant {
        BootInstant(nanoseconds: until.load(ordering: .acquiring))
    }

    /// Changes the holder and publishes what follows from it.
    public func update(_ change: (inout LeaseHolder) -> Void) {
        holder.withLock { holder in
            change(&holder)
            until.store(holder.answersUntil.nanoseconds, ordering: .releasing)
        }
    }
}
