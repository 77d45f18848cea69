/// A time-bound right to answer, given in a transaction that read the journal's head.
public struct Grant: Hashable, Sendable {
    /// The journal's head when the grant was written. The holder may use the grant once it has applied that revision.
    public var head: Revision
    /// Milliseconds, counted by the holder from before it sent its request: the longest lease of any endpoint. An answer
    /// through an endpoint whose lease is shorter may use that much of it only.
    public var duration: UInt64

    public init(head: Revision, duration: UInt64) {
        self.head = head
        self.duration = duration
    }

    /// How much longer than the grant itself the journal's side waits for it: 1 % for clocks that run apart, 100 ms for
    /// the granularity of everything else.
    public static func margin(on duration: UInt64) -> UInt64 {
        duration / 100 + 100
    }

    /// When nobody can answer by this grant any more through an endpoint of this lease, counted by the journal's side,
    /// which saw the grant at `seen`.
    public func hasRunOut(after seen: BootInstant, lease: UInt64) -> BootInstant {
        let used = min(lease, duration)
        return seen.advanced(byMilliseconds: used + Self.margin(on: used))
    }
}

/// The node's side of its leases (DESIGN §4, rules 3 and 4). Pure: the caller reads the clock.
///
/// Invariants
/// 1. A grant counts from before its request was sent, so it ends here before it ends for the journal's side, which
///    counts from when it first saw the grant and adds the margin.
/// 2. A grant that names head h lets the node answer only once h is applied. So nobody has to wait for it on behalf of a
///    command up to h.
/// 3. Of the usable grants the one that was asked for last decides, also when it is the shorter one: it alone is known to
///    be waited for at every endpoint's lease.
public struct LeaseHolder: Sendable {
    public struct Held: Hashable, Sendable {
        public var head: Revision
        public var requestedAt: BootInstant
        public var until: BootInstant
    }

    private var held: [Held] = []
    private var applied = Revision.zero

    public init() {}

    public mutating func receive(_ grant: Grant, requestedAt: BootInstant) {
        held.append(
            Held(
                head: grant.head, requestedAt: requestedAt,
                until: requestedAt.advanced(byMilliseconds: grant.duration)))
        discardCovered()
    }

    public mutating func apply(through revision: Revision) {
        applied = max(applied, revision)
        discardCovered()
    }

    /// The node is not on the chain, or has been told that it is no member: nothing it holds counts any more.
    public mutating func surrender() {
        held = []
        applied = .zero
    }

    /// Nil when there is nothing that the node may use.
    public var usable: Held? {
        held.filter { $0.head <= applied }.max { $0.requestedAt < $1.requestedAt }
    }

    /// The instant from which the node must not answer through an endpoint with this lease, in milliseconds. 0 when it
    /// holds nothing it may use.
    public func answersUntil(lease: UInt64 = .max) -> BootInstant {
        guard let usable else { return BootInstant(nanoseconds: 0) }
        return min(usable.until, usable.requestedAt.advanced(byMilliseconds: lease))
    }

    /// The list stays as long as there are grants whose head is still to be applied.
    private mutating func discardCovered() {
        guard let usable else { return }
        held.removeAll { $0.head <= applied }
        held.append(usable)
    }
}
