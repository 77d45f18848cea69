internal import CacheProtocol
internal import NIOCore
internal import Telemetry

/// One client's connection: reads heads one after the other, has each answered before it looks at the next, and ends
/// the connection when a message says so or when a deadline has passed.
///
/// ```
///           later               answer
///   ready ─────────→ waiting ───────────┐
///   ↑  │ now: an answer; refused: a fault
///   │  └────────────────────────────────┤
///   │ the channel took it all           │ it did not, or a file is under way
///   ├───────────────────────────────────┴→ sending ─┐ (when it has)
///   │                                               │
///   └── the connection goes on ─────────────────────┤
///                       it was the last answer ─────┴→ lingering → closed
/// ```
/// Anything else that ends the channel leads to `closed`, from everywhere.
final class ConnectionHandler: ChannelDuplexHandler, ServerConnection {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    enum Phase {
        case ready
        case waiting(Exchange, Task<Void, Never>)
        case sending
        /// The last answer is out; what the client still sends is dropped until it goes, or the deadline passes.
        case lingering
        case closed
    }

    let loop: LoopState
    var phase = Phase.ready
    private(set) var context: ChannelHandlerContext?
    private(set) var client = "-"
    var unread = ByteBuffer()
    private var scanner: HeadScanner
    private var isAdmitted = false
    var isAdvancing = false
    var needsFlush = false
    /// What the channel sends through, where it is a plain socket.
    private(set) var socket: CInt?
    var direct: DirectAnswer?
    /// What it was given may wait in it still.
    var channelMayHoldBytes = false
    var readIsHeld = false
    /// Set by an answer that is the connection's last.
    var endsAfterSending = false
    /// What `phase` is measured against: the last progress, or the first byte of a head.
    var since = BootInstant.now()
    var unsentBefore = 0
    var outgoing = OutgoingAnswers()
    /// By an erase.
    var isCutOff = false
    /// The request whose answer is under way, and not in the channel's hands as a whole.
    var longExchange: Completion?
    let isEncrypted: Bool
    /// What the channel has not been given yet of that answer, where it is encrypted.
    var pieces: BodyPieces?

    init(loop: LoopState) {
        self.loop = loop
        scanner = HeadScanner(limits: loop.headLimits)
        isEncrypted = false
    }

    /// Behind a handshake.
    ///
    /// - Parameter client: Admitted already.
    init(loop: LoopState, encryptedFor client: String) {
        self.loop = loop
        self.client = client
        scanner = HeadScanner(limits: loop.headLimits)
        isEncrypted = true
        isAdmitted = true
    }

    // MARK: The channel's events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { begin(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
    }

    func ended() {
        let before = phase
        phase = .closed
        socket = nil
        dropDirect(byErase: isCutOff)
        unread = ByteBuffer()
        outgoing.keep(unsent: 0)
        pieces = nil
        loop.remove(self)
        if isAdmitted { loop.connectionAdmission.leave(client) }
        isAdmitted = false
        if case .waiting(let exchange, let task) = before {
            task.cancel()
            complete(Completion(aborted: exchange))
        }
        if isEncrypted { longAnswerEnded(.failure(ChannelError.ioOnClosedChannel)) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        // The answer before must be in the socket, or be known to wait, when the next one is made.
        if direct != nil { flush() }
        switch phase {
        case .lingering, .closed: return
        case .ready, .waiting, .sending: break
        }
        if unread.readableBytes == 0 {
            let now = BootInstant.now()
            if answerPlainly(bytes, at: now) { return }
            unread = bytes
            since = now
        } else {
            unread.writeBuffer(&bytes)
        }
        advance()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if needsFlush { loop.flushSoon(self, bytes: direct?.length ?? 0, context.eventLoop) }
    }

    /// Reading goes on while an answer is under way, because it is reading that notices a client going away; but not
    /// beyond what one head may have.
    func read(context: ChannelHandlerContext) {
        switch phase {
        case .waiting, .sending:
            if unread.readableBytes < loop.headLimits.headBytes { context.read() } else { readIsHeld = true }
        case .ready, .lingering, .closed:
            context.read()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable, case .sending = phase else { return }
        if pieces != nil { sendPieces() } else if longExchange == nil { sent() }
    }

    /// A client that sends no more is taken for gone, once it has the answers that were made before.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .inputClosed? = event as? ChannelEvent else { return context.fireUserInboundEventTriggered(event) }
        flush()
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Resets by the peer, mostly; there is nobody left to tell.
        context.close(promise: nil)
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard !isAdmitted else { return }
        client = context.remoteAddress?.ipAddress ?? "-"
        socket = context.pipeline.syncOperations.plainSocket
        guard loop.connectionAdmission.enter(client) else {
            loop.cells.refused.increment()
            refuse(.overloaded(loop.configuration.retryAfterSeconds), head: ByteBuffer(), .overload)
            // No lingering: nobody watches over a connection that was not taken in.
            context.close(promise: nil)
            return
        }
        isAdmitted = true
        loop.add(self)
        if loop.isDraining { abort() }
    }

    // MARK: Heads

    func advance() {
        guard !isAdvancing else { return }
        isAdvancing = true
        defer { isAdvancing = false }
        while case .ready = phase, unread.readableBytes > 0 {
            switch scanner.scan(unread.readableBytesUInt8Span) {
            case .incomplete:
                return
            case .refused(let fault):
                refuse(fault.failure, head: unread)
            case .complete(let length):
                scanner.reset()
                guard let head = unread.readSlice(length: length) else { return }
                if unread.readableBytes == 0 { unread = ByteBuffer() }
                take(head)
            }
        }
    }

    private func take(_ head: ByteBuffer) {
        let now = BootInstant.now()
        since = now
        if let plain = RequestHead(plain: head.readableBytesUInt8Span) {
            let request = EdgeRequest(head: plain, bytes: head, client: client, receivedAt: now)
            return respond(to: request, ConnectionUse(goesOn: !plain.closes))
        }
        guard let context else { return }
        switch StandardDecoder.decode(head, limits: loop.headLimits, behind: self, context: context) {
        case .plain(let bytes, let plain, let use):
            respond(to: EdgeRequest(head: plain, bytes: bytes, client: client, receivedAt: now), use)
        case .options(let use):
            let exchange = Exchange(head: head, use, began: now)
            send(.options(ending(use)), body: .none, exchange)
        case .methodNotAllowed(let use):
            let exchange = Exchange(head: head, use, began: now)
            send(.methodNotAllowed(ending(use)), body: .none, exchange)
        case .refused(let fault):
            refuse(fault.failure, head: head)
        }
    }

    private func respond(to request: EdgeRequest, _ use: ConnectionUse) {
        conclude(loop.responder.respond(to: request), Exchange(request, use))
    }

    func conclude(_ outcome: EdgeOutcome, _ exchange: Exchange) {
        switch outcome {
        case .now(let answer):
            send(answer, exchange)
        case .later(let work):
            guard loop.waitingRoom.enter(client) else {
                let failure = EdgeFailure.overloaded(loop.configuration.retryAfterSeconds)
                return send(.failure(failure, .refused(.overload)), exchange)
            }
            wait(for: work, exchange)
        }
    }

    private func wait(for work: @escaping @Sendable () async -> EdgeAnswer, _ exchange: Exchange) {
        guard let eventLoop = context?.eventLoop else { return }
        flush()
        let me = NIOLoopBound(self, eventLoop: eventLoop)
        let (room, client) = (loop.waitingRoom, client)
        let task = Task {
            let answer = await work()
            room.leave(client) { eventLoop.execute { me.value.deliver(answer) } }
        }
        phase = .waiting(exchange, task)
    }

    private func deliver(_ answer: EdgeAnswer) {
        guard case .waiting(let exchange, _) = phase else { return }
        phase = .ready
        send(loop.responder.confirm(answer), exchange)
        flush()
    }

    /// A message that cannot be understood, or a connection that there is no room for: answered, and ended.
    func refuse(_ failure: EdgeFailure, head: ByteBuffer, _ reason: CacheReason = .badRequest) {
        let exchange = Exchange(head: head, ConnectionUse(goesOn: false), began: since)
        let plan = ResponsePlan(failure, .refused(reason), exchange.connection)
        send(plan, body: .none, exchange)
        flush()
    }

    func give(_ bytes: ByteBuffer) {
        guard bytes.readableBytes > 0 else { return }
        give(.byteBuffer(bytes), promise: nil)
    }

    /// All that the channel gets, it gets by this.
    func give(_ data: IOData, promise: EventLoopPromise<Void>?) {
        sendDirect()
        channelMayHoldBytes = true
        needsFlush = true
        context?.write(wrapOutboundOut(data), promise: promise)
    }

    func ending(_ use: ConnectionUse) -> ConnectionUse {
        loop.isLeaving ? ConnectionUse(goesOn: false) : use
    }
}

extension ChannelPipeline.SynchronousOperations {
    /// Nil for a channel that is none, as in tests, or that encrypts what it is given.
    fileprivate var plainSocket: CInt? {
        // Throws only where the socket is closed.
        (try? withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }) ?? nil
    }
}
