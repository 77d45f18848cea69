internal import CacheProtocol
internal import NIOCore
internal import NIOHTTP2
internal import Telemetry

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
    private let written = WrittenFrames()
    private(set) var context: ChannelHandlerContext?
    var streams: [HTTP2StreamID: HTTP2Stream] = [:]
    /// Streams with something to send that the client would take, in the order of their turns.
    var turns = CircularBuffer<HTTP2Stream>()
    /// Bytes of bodies that the client takes: on all streams together, and on a new stream (RFC 9113 §5.2).
    var window = 65_535
    var streamWindow = 65_535
    var outgoing = OutgoingAnswers()
    var isCutOff = false
    var needsFlush = false
    /// The client was told to go elsewhere.
    private var isLeaving = false
    private var isDraining = false
    private var newestStream = HTTP2StreamID.rootStream
    /// The last progress.
    var since = BootInstant.now()
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
        guard isOpen else { return }
        isOpen = false
        let ended = streams.values
        streams = [:]
        turns.removeAll()
        outgoing.keep(unsent: 0)
        loop.remove(self)
        loop.connectionAdmission.leave(client)
        for stream in ended { end(stream) }
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
        case .rstStream:
            guard let stream = streams.removeValue(forKey: frame.streamID) else { return }
            end(stream)
            // Else who takes back what it asks for would fill this.
            turns.removeAll { $0 === stream }
            endIfDrained()
        case .windowUpdate(let more):
            widen(frame.streamID, by: more)
        case .settings(.settings(let settings)):
            for setting in settings where setting.parameter == .initialWindowSize { setStreamWindow(setting.value) }
        case .priority, .settings(.ack), .pushPromise, .ping, .goAway, .alternativeService, .origin:
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        sendInTurns()
        if needsFlush { loop.flushSoon(self, bytes: 0, context.eventLoop) }
    }

    /// The framing tells of every window and stream; nobody asks, and to look at what each is would cost more than the rest.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {}

    /// A client that sends no more has what it asked for before answered still.
    func inputClosed() {
        flush()
        drain()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return }
        since = .now()
        sendInTurns()
        flush()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A mistake in one stream, which the framing has ended, is none of the others'.
        if written.takeReset() { return }
        context.close(promise: nil)
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
    }

    func complete(_ completion: Completion) {
        completion.record(client: client, on: loop)
    }

    // MARK: ServerConnection

    func checkDeadlines(_ now: BootInstant) {
        let seconds = now.milliseconds(since: since) / 1000
        if streams.isEmpty {
            if seconds >= loop.configuration.idleSeconds { endInOrder() }
        } else if !streams.values.contains(where: \.isWaiting), seconds >= loop.configuration.stallSeconds {
            context?.close(promise: nil)
        }
    }

    /// What is not flushed, TLS holds, and the channel does not know of.
    func forgetSentAnswers() {
        guard !outgoing.isEmpty else { return }
        flush()
        outgoing.keep(unsent: bytesInChannel)
    }

    /// What the channel holds, encrypted: never less than what was given to it.
    private var bytesInChannel: Int {
        Int((try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0)
    }

    /// Resets the whole connection, and its other streams with it: what waits in the socket can't be taken back otherwise.
    func cutOff(where isForbidden: (ObjectMetadata) -> Bool) -> EventLoopFuture<Void>? {
        guard let context else { return nil }
        forgetSentAnswers()
        let underWay = streams.values.count { $0.object.map { isForbidden($0.metadata) } ?? false }
        let count = outgoing.count(where: isForbidden) + underWay
        guard count > 0 else { return nil }
        loop.cells.erased.increment(by: UInt64(count))
        isCutOff = true
        return context.channel.reset()
    }

    func leave() {
        guard !isLeaving else { return }
        isLeaving = true
        // Streams that are on their way are answered still (RFC 9113 §6.8).
        write(.goAway(lastStreamID: .maxID, errorCode: .noError, opaqueData: nil), .rootStream)
        flush()
    }

    func drain() {
        isDraining = true
        isLeaving = true
        if streams.isEmpty { endInOrder() }
    }

    func abort() {
        context?.close(promise: nil)
    }

    /// To be called when a stream is over.
    func endIfDrained() {
        if isDraining, streams.isEmpty { endInOrder() }
    }

    private func endInOrder() {
        write(.goAway(lastStreamID: newestStream, errorCode: .noError, opaqueData: nil), .rootStream)
        flush()
        context?.close(promise: nil)
    }
}
