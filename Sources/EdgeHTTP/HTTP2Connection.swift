internal import CacheProtocol
internal import NIOCore
internal import NIOHTTP2
internal import NIOSSL


/// One client's HTTP/2 connection (RFC 9113): NIO's handler reads and writes frames and holds the client to the protocol; this
/// answers requests, and shares the connection out among the bodies under way.
///
/// A stream that has its answer whole at once is never noted here. One that is noted waits for its answer, or for its turn:
/// ```
///   request ──→ waiting ──→ sending (in turns, as far as the client's windows go) ──→ over
/// ```
final class HTTP2Connection: ChannelInboundHandler, ServerConnection {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    let loop: LoopState
    let client: String
    /// Below this in the pipeline.
    let framing: NIOHTTP2Handler
    let written = WrittenFrames()
    private(set) var context: ChannelHandlerContext?
    var streams: [HTTP2StreamID: HTTP2Stream] = [:]
    /// Streams with something to send that the client would take, in the order of their turns.
    var turns = CircularBuffer<HTTP2Stream>()
    /// Bytes of bodies that the client takes on a new stream (RFC 9113 §5.2), and has ever taken on all together.
    var streamWindow = 65_535
    var granted = 65_535
    /// Bytes of bodies that the framing was given, without what it has dropped since.
    var handedOver = 0
    var outgoing = OutgoingAnswers()
    var isCutOff = false
    var needsFlush = false
    /// The client was told to go elsewhere.
    var isLeaving = false
    var isDraining = false
    /// What is in the channel is the last.
    var isEnding = false
    /// The client says no more, and takes no more than it has allowed.
    var isInputClosed = false
    var newestStream = HTTP2StreamID.rootStream
    /// The last request, or the last of an answer.
    var since = BootInstant.now()
    /// Little of any body was sent in its turn since.
    var sentAt = BootInstant.now()
    /// Bytes.
    var sentSince = 0
    var unsentBefore = (bytes: 0, since: BootInstant.now())
    private(set) var isOpen = true

    /// - Parameter client: Admitted already.
    init(loop: LoopState, client: String) {
        self.loop = loop
        self.client = client
        framing = HTTP2Framing.handler(loop.configuration, written)
    }

    // MARK: The channel's events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if loop.isLeaving { leave() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
    }

    func ended() {
        guard isOpen else { return }
        isOpen = false
        let streams = streams.values
        self.streams = [:]
        turns.removeAll()
        outgoing.keep(unsent: 0)
        loop.remove(self)
        loop.connectionAdmission.leave(client)
        for stream in streams { end(stream) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.payload {
        case .headers(let headers):
            // A second block of a stream is its trailer, which means nothing to anybody here.
            guard isOpen, frame.streamID > newestStream else { return }
            newestStream = frame.streamID
            since = .now()
            take(headers, frame.streamID, receivedAt: since)
        case .data(let data):
            // Nobody wants it; the client may go on with other streams.
            let length = data.data.readableBytes + (data.paddingBytes.map { $0 + 1 } ?? 0)
            if length > 0 { write(.windowUpdate(windowSizeIncrement: length), .rootStream) }
        case .windowUpdate(let more):
            if frame.streamID == .rootStream { granted += more } else { widen(frame.streamID, by: more) }
        case .settings(.settings(let settings)):
            for setting in settings where setting.parameter == .initialWindowSize { setStreamWindow(setting.value) }
        case .rstStream, .priority, .settings(.ack), .pushPromise, .ping, .goAway, .alternativeService, .origin:
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        sendInTurns()
        if needsFlush { loop.flushSoon(self, bytes: 0, context.eventLoop) }
    }

    /// The framing tells of every window and every stream, and to look at what each is would cost a plain hit more than the rest.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // By the client, or by the framing for a mistake of the client's.
        guard !streams.isEmpty, let closed = event as? StreamClosedEvent else { return }
        drop(closed.streamID)
        endIfDrained()
    }

    /// A client that sends no more has what it asked for before answered still, as far as its windows go.
    func inputClosed() {
        isInputClosed = true
        sendInTurns()
        flush()
        dropWhatCannotBeSent()
        drain()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        account()
        sendInTurns()
        flush()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A mistake in one stream, which the framing has ended, is none of the others'.
        if written.hasFailed || error is NIOSSLError || error is BoringSSLError { context.close(promise: nil) }
    }

    func drop(_ id: HTTP2StreamID) {
        guard let stream = streams.removeValue(forKey: id) else { return }
        end(stream)
        // Else who takes back what it asks for would fill this.
        if stream.isInTurn { turns.removeAll { $0 === stream } }
    }

    func dropWhatCannotBeSent() {
        guard isInputClosed else { return }
        for stream in streams.values {
            if let left = stream.bytesLeft, left > min(stream.window, window) { drop(stream.id) }
        }
    }

    /// The client went away before it had all of its answer, or did not want it any more.
    func end(_ stream: HTTP2Stream) {
        switch stream.state {
        case .waiting(let task):
            task.cancel()
            complete(Completion(aborted: stream.exchange))
        case .sending(_, _, var completion):
            completion.duration = BootInstant.now().nanoseconds &- stream.exchange.began.nanoseconds
            completion.abort(byErase: isCutOff)
            complete(completion)
        case .over:
            break
        }
        stream.state = .over
    }

    // MARK: Writing

    func write(_ payload: HTTP2Frame.FramePayload, _ stream: HTTP2StreamID) {
        needsFlush = true
        context?.write(wrapOutboundOut(HTTP2Frame(streamID: stream, payload: payload)), promise: nil)
    }

    func flush() {
        guard needsFlush else { return }
        needsFlush = false
        context?.flush()
        account()
    }

    /// The framing holds nothing after a flush, unless the channel is full: what has not left it, it has dropped.
    private func account() {
        guard mayWrite else { return }
        if handedOver > written.bytes { outgoing.dropped(handedOver - written.bytes) }
        handedOver = written.bytes
    }

    var mayWrite: Bool { isOpen && context?.channel.isWritable == true }

    /// Bytes of bodies that the client takes, on all streams together.
    var window: Int { granted - handedOver }

    func note(_ object: Representation?, _ bytes: Int) {
        handedOver += bytes
        outgoing.append(object, bytes: bytes)
        if outgoing.isCrowded { forgetSentAnswers() }
    }

    var isWholeHandedOn: Bool { handedOver == written.bytes }

    func complete(_ completion: Completion) {
        completion.record(client: client, on: loop)
    }
}
