/// What answers requests: lookup in the cache, and the way to the origin.
public protocol EdgeResponder: Sendable {
    /// Called on an event loop, for GET and HEAD only. Must not wait: whatever is not at hand goes into ``EdgeOutcome/later(_:)``.
    func respond(to request: EdgeRequest) -> EdgeOutcome

    /// The last look at the answer of a task, on the event loop, as it is about to leave: what it was when the task ended may
    /// be erased by now. An answer that begins after this is found by ``EdgeHTTPServer/abort(where:)``.
    func confirm(_ answer: EdgeAnswer) -> EdgeAnswer
}

extension EdgeResponder {
    public func confirm(_ answer: EdgeAnswer) -> EdgeAnswer { answer }
}

public enum EdgeOutcome: Sendable {
    /// Answered within the call: no task, no promise.
    case now(EdgeAnswer)
    /// Answered by a task. It is cancelled when the client goes away; what it returns then goes to nobody. It counts
    /// against ``EdgeHTTPConfiguration/maximumWaiting`` until it returns, so it must bound its own time.
    case later(@Sendable () async -> EdgeAnswer)
}
