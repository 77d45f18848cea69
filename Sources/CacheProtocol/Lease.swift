/// A time-bound right to answer, given in a transaction that read the journal's head.
public struct Grant: Hashable, Sendable {
    /// The journal's head when the grant was written. The holder may use the grant once it has applied that revision.
    public var head: Revision
    /// Milliseconds, counted by the holder from before it sent its request.
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
}

/// The node's side of its leases (DESIGN §4, rules 3 and 4). Pure: the caller reads the clock.
///
/// Invariants
/// 1. A grant counts from before its request was sent, so it ends here before it ends for the journal's side, which
///    counts from when it first saw the grant and adds the margin.
/// 2. A grant that names head h lets the node answer only once h is applied. So nobody has to wait for it on behalf of a
///    command up to h.
public struct LeaseHolder: Sendable {
    private struct Held {
        var head: Revision
        var until: BootInstant
    }

    private var held: [Held] = []
    private var applied = Revision.zero

    public init() {}

    public mutating func receive(_ grant: Grant, requestedAt: BootInstant) {
        held.append(Held(head: grant.head, until: requestedAt.advanced(byMilliseconds: grant.duration)))
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

    /// The instant from which the node must not answer. 0 when it holds nothing it may use.
    public var answersUntil: BootInstant {
        held.filter { $0.head <= applied }.map(\.until).max() ?? BootInstant(nanoseconds: 0)
    }

    /// Of the usable grants only the last to end matters, so that the list stays as long as there are grants whose head
    /// is still to be applied.
    private mutating func discardCovered() {
        let best = answersUntil
        held.removeAll { $0.head <= applied && $0.until < best }
        if let last = held.lastIndex(where: { $0.head <= applied && $0.until == best }) {
            let kept = held[last]
            held.removeAll { $0.head <= applied && $0.until == best }
            held.append(kept)
        }
    }
}
