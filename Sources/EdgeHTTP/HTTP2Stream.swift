internal import CacheProtocol
internal import NIOHTTP2

/// A stream that has not got all of its answer.
final class HTTP2Stream {
    enum State {
        case waiting(Task<Void, Never>)
        case sending(BodyPieces, Representation?, Completion)
        case over
    }

    let id: HTTP2StreamID
    let exchange: Exchange
    /// The client is still sending a body.
    let isHalfRead: Bool
    var state = State.over
    /// Bytes that the client takes of it; less than none where it has taken back what it had allowed.
    var window: Int
    /// Among those that wait for their turns.
    var isInTurn = false
    /// Since it had nothing left to wait for but the client, which has taken little since.
    var since: BootInstant
    /// Bytes.
    var sentSince = 0
    /// Since when there is something to send of it.
    var answeredAt: BootInstant
    /// Where it waits for its turn: since when.
    var queuedAt: BootInstant

    init(_ id: HTTP2StreamID, _ exchange: Exchange, window: Int, isHalfRead: Bool) {
        self.id = id
        self.exchange = exchange
        self.window = window
        self.isHalfRead = isHalfRead
        since = exchange.began
        (answeredAt, queuedAt) = (since, since)
    }

    var isWaiting: Bool {
        if case .waiting = state { true } else { false }
    }

    /// Of its body; nil while it waits.
    var bytesLeft: Int? {
        if case .sending(let body, _, _) = state { body.count } else { nil }
    }

    /// What its answer shows.
    var object: Representation? {
        if case .sending(_, let object, _) = state { object } else { nil }
    }
}
