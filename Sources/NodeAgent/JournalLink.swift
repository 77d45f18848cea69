public import CacheProtocol

/// How a node reaches the journal: over the cache protocol, or in the origin's own process.
public protocol JournalLink: Sendable {
    /// - Throws: `NodeAgentError` where no answer is to be had now, and `CancellationError`.
    func follow(_ request: FollowRequest) async throws -> FollowAnswer
    /// Answers a question that came with the news.
    func report(_ report: NodeReport) async throws
}
