public import CacheProtocol

/// What a node's composition does at the agent's word.
public struct NodeAgentHooks: Sendable {
    /// Returns when every request that looked up before has passed the point where its answer is decided.
    public var barrier: @Sendable () async -> Void
    /// Empties every cache of the node, durably: nothing of it comes back after a crash, and no fill that is under way
    /// may commit.
    public var emptyCaches: @Sendable () async throws -> Void
    /// What an edge serves by (`EdgeConfigurationAnswer.digest`).
    public var configuration: @Sendable () -> Digest128?
    /// Asks the origins anew what to serve by. The node answers nothing meanwhile.
    public var reconfigure: @Sendable () async throws -> Void
    /// Gives back the room of what the rules forbid; nothing waits for it. Runs once at a time, and once more for all the
    /// commands that came meanwhile.
    public var sweep: @Sendable () async -> Void

    public init(
        barrier: @escaping @Sendable () async -> Void = {},
        emptyCaches: @escaping @Sendable () async throws -> Void,
        configuration: @escaping @Sendable () -> Digest128? = { nil },
        reconfigure: @escaping @Sendable () async throws -> Void = {},
        sweep: @escaping @Sendable () async -> Void = {}
    ) {
        self.barrier = barrier
        self.emptyCaches = emptyCaches
        self.configuration = configuration
        self.reconfigure = reconfigure
        self.sweep = sweep
    }
}
