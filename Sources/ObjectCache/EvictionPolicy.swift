/// Which object gives way when room is needed. docs/decisions/0012-eviction-and-admission.md says when to choose what.
public enum EvictionPolicy: String, Sendable, CaseIterable {
    /// The one that was not used for the longest time.
    case lru
    /// SIEVE (Zhang and others, NSDI 2024): objects stay where they came in, a hit leaves a mark, and a hand that walks from
    /// the oldest to the newest takes marks away and evicts the first object without one.
    case sieve
}
