internal import CacheProtocol

/// Callers that wait for something to happen or for a moment to come. Kept by one actor; each is resumed once.
struct Rendezvous<Key: Hashable & Sendable>: Sendable {
    private struct Waiter: Sendable {
        var key: Key
        var deadline: BootInstant
        var continuation: CheckedContinuation<Void, Never>
    }

    private var waiters: [UInt64: Waiter] = [:]
    private var lastTicket: UInt64 = 0
    /// Not later than the first deadline; nil when nobody waits. Looking for the exact one at every change would cost a
    /// pass over all.
    private(set) var nextDeadline: BootInstant?

    mutating func ticket() -> UInt64 {
        lastTicket += 1
        return lastTicket
    }

    mutating func park(
        _ continuation: CheckedContinuation<Void, Never>, _ ticket: UInt64, for key: Key, until deadline: BootInstant
    ) {
        waiters[ticket] = Waiter(key: key, deadline: deadline, continuation: continuation)
        nextDeadline = min(deadline, nextDeadline ?? deadline)
    }

    mutating func resume(_ ticket: UInt64) {
        waiters.removeValue(forKey: ticket)?.continuation.resume()
    }

    mutating func resumeAll() {
        let all = waiters.values
        waiters = [:]
        nextDeadline = nil
        for waiter in all { waiter.continuation.resume() }
    }

    mutating func resume(where applies: (Key, BootInstant) -> Bool) {
        for (ticket, waiter) in waiters where applies(waiter.key, waiter.deadline) { resume(ticket) }
        nextDeadline = waiters.values.map(\.deadline).min()
    }

    var count: Int { waiters.count }
}
