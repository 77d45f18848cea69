public import CacheProtocol

/// What a node's composition does at the agent's word.
public struct NodeAgentHooks: Sendable {
    /// Returns when every request that looked up before has passed the point where its answer is decided.
    public var barrier: @Sendable () async -> Void
    /// Empties every cache of the node, durably: nothing of it comes back after a crash, and no fill that is under way
    /// may commit.
    public var emptyCaches: @Sendable () async throws -> Void
    /// Entries have been applied and are about to be acknowledged.
    public var applied: @Sendable ([JournalEntry]) async -> Void

    public init(
        barrier: @escaping @Sendable () async -> Void = {},
        emptyCaches: @escaping @Sendable () async throws -> Void,
        applied: @escaping @Sendable ([JournalEntry]) async -> Void = { _ in }
    ) {
        self.barrier = barrier
        self.emptyCaches = emptyCaches
        self.applied = applied
    }
}
