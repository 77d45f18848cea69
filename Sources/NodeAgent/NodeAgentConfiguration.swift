public import CacheProtocol

public struct NodeAgentConfiguration: Sendable {
    /// The name the operator gave the node.
    public var name: String
    public var role: NodeRole
    /// Milliseconds that a follow request may be held back by the origin while there is nothing to tell. Shorter than
    /// what middle boxes allow an idle connection.
    public var patience: UInt64
    /// Milliseconds between tries while no origin answers: doubled from the first to the last.
    public var firstPause: UInt64
    public var lastPause: UInt64
    /// Scopes that may carry a purge at once. With more, the floor rises over the older half of them, and what was cached
    /// before is lost (DESIGN §4, rule 8). A snapshot of as many fits a frame.
    public var ruleLimit: Int

    public init(
        name: String, role: NodeRole, patience: UInt64 = 20_000, firstPause: UInt64 = 20, lastPause: UInt64 = 500,
        ruleLimit: Int = 250_000
    ) {
        self.name = name
        self.role = role
        self.patience = patience
        self.firstPause = firstPause
        self.lastPause = lastPause
        self.ruleLimit = ruleLimit
    }
}
