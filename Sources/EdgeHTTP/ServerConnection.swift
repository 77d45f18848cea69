internal import CacheProtocol
internal import NIOCore

/// What an event loop asks of a client's connection, whatever is spoken on it. Used on its loop only.
protocol ServerConnection: AnyObject {
    /// The channel is closed. May be called again.
    func ended()
    /// Gives the socket what was written.
    func flush()
    /// Ends what has outstayed its deadline.
    func checkDeadlines(_ now: BootInstant)
    func forgetSentAnswers()
    /// Ends the connection at once if bytes of a forbidden object are on their way through it.
    ///
    /// - Returns: Is fulfilled when the channel is closed and has let go of all that it was given; nil when nothing was done.
    func cutOff(where isForbidden: (ObjectMetadata) -> Bool) -> EventLoopFuture<Void>?
    /// The node is about to go: clients are to turn to others, and nothing is refused yet.
    func leave()
    /// The node is going down: what is idle goes now, what is at work ends with its answers.
    func drain()
    func abort()
}
