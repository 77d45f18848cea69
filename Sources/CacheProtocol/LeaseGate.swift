internal import Synchronization

/// What a request asks before it is answered: one clock read and two atomic loads.
public final class LeaseGate: Sendable {
    private let holder = Mutex(LeaseHolder())
    private let requestedAt = Atomic<UInt64>(0)
    private let until = Atomic<UInt64>(0)

    public init() {}

    /// - Parameters:
    ///   - now: read after the request's bytes were read, never a cached tick: a process that was stopped after it looked
    ///     at the clock would otherwise answer beyond its lease.
    ///   - lease: of the endpoint, and of what is answered with: milliseconds.
    public func mayAnswer(at now: BootInstant, lease: UInt64 = .max) -> Bool {
        // In the reverse order of `update`: who sees when a grant was asked for sees its end as well.
        let requestedAt = BootInstant(nanoseconds: requestedAt.load(ordering: .acquiring))
        guard now.nanoseconds < until.load(ordering: .acquiring) else { return false }
        return now < requestedAt.advanced(byMilliseconds: lease)
    }

    public var answersUntil: BootInstant {
        BootInstant(nanoseconds: until.load(ordering: .acquiring))
    }

    /// Changes the holder and publishes what follows from it.
    public func update(_ change: (inout LeaseHolder) -> Void) {
        holder.withLock { holder in
            change(&holder)
            let usable = holder.usable
            until.store(usable?.until.nanoseconds ?? 0, ordering: .releasing)
            requestedAt.store(usable?.requestedAt.nanoseconds ?? 0, ordering: .releasing)
        }
    }
}
