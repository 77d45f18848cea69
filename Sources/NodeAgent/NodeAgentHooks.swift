public import CacheProtocol

/// What a node's composition does at the agent's word.
public struct NodeAgentHooks: Sendable {
    /// Returns when every request that looked up before has passed the point where its answer is decided.
    public var barrier: @Sendable () async -> Void
    /// Empties every cache of the node, durably: nothing of it comes back after a crash, and no fill that is under way
    /// may commit.
    public var emptyCaches: @Sendable () async throws -> Void
    /// Serves by this configuration from now on, or by a later one, whose revision it returns; answers no longer on one
    /// renewal than this one allows. The node does not acknowledge before this returns.
    public var configure: @Sendable (AppliedConfiguration) async throws -> Revision
    /// Raises the floor of every cache, durably.
    public var raiseFloor: @Sendable (Revision) async throws -> Void
    /// Gives back the room of what the rules forbid; nothing waits for it. Runs once at a time, and once more for all the
    /// commands that came meanwhile.
    public var sweep: @Sendable () async -> Void
    /// The rules are about to apply these: from now until `destroy` has returned for them, nothing of the kind is given back to
    /// the file system before it is overwritten. Each is told once. Called while the node's files are locked.
    public var expect: @Sendable ([Erasure]) -> Void
    /// Aborts the answers that send what was erased, then destroys every record of it; a report for each. The rules refuse
    /// all of it already.
    public var destroy: @Sendable ([Erasure]) async throws -> [RemovalReport]
    /// Every record of these sources that the node keeps.
    public var records: @Sendable ([SourceIdentity]) async throws -> [KeptRecord]

    public init(
        barrier: @escaping @Sendable () async -> Void = {},
        emptyCaches: @escaping @Sendable () async throws -> Void,
        configure: @escaping @Sendable (AppliedConfiguration) async throws -> Revision = { $0.revision },
        raiseFloor: @escaping @Sendable (Revision) async throws -> Void = { _ in },
        sweep: @escaping @Sendable () async -> Void = {},
        expect: @escaping @Sendable ([Erasure]) -> Void = { _ in },
        destroy: @escaping @Sendable ([Erasure]) async throws -> [RemovalReport] = { _ in [] },
        records: @escaping @Sendable ([SourceIdentity]) async throws -> [KeptRecord] = { _ in [] }
    ) {
        self.barrier = barrier
        self.emptyCaches = emptyCaches
        self.configure = configure
        self.raiseFloor = raiseFloor
        self.sweep = sweep
        self.expect = expect
        self.destroy = destroy
        self.records = records
    }
}
