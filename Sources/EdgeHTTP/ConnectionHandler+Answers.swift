internal import CacheProtocol
internal import Logging
internal import NIOCore

/// How an answer leaves, and when the next request is looked at.
extension ConnectionHandler {
    /// Room for the head of nearly every answer.
    private static let headBytes = 640

    func send(_ answer: EdgeAnswer, _ exchange: Exchange) {
        let plan = ResponsePlan(answer, to: exchange.request, connection: ending(exchange.connection))
        guard case .object(let object) = plan.content, plan.sendsBody else { return send(plan, body: .none, exchange) }
        guard let body = OutgoingBody(object.body, plan.selection) else { return sendDamaged(plan, exchange) }
        send(plan, body: body, exchange)
    }

    private func sendDamaged(_ plan: ResponsePlan, _ exchange: Exchange) {
        loop.log.error("A cached file is shorter than its record says; the request is answered 500")
        let failure = EdgeFailure(status: 500, code: "EFAULT", message: "the cached copy is damaged")
        send(ResponsePlan(failure, .refused(.fault), plan.connection), body: .none, exchange)
    }

    func send(_ plan: ResponsePlan, body: OutgoingBody, _ exchange: Exchange) {
        guard let context else { return }
        sendDirect()
        let (now, date) = loop.date()
        let fitsOneBuffer = body.isInMemory && body.length <= loop.configuration.oneBufferBytes
        var head = context.channel.allocator.buffer(capacity: Self.headBytes + (fitsOneBuffer ? body.length : 0))
        loop.responseHead.write(plan, now: now, date: date, to: &head)
        endsAfterSending = !plan.connection.goesOn
        var completion = Completion(exchange, plan)
        if outgoing.isCrowded { forgetSentAnswers() }
        note(plan, head: head.readableBytes, body: body)
        if isEncrypted, body.length > 0, !fitsOneBuffer {
            give(head)
            return send(BodyPieces(body), completion)
        }
        switch body {
        case .none:
            if plan.sendsBody {
                head.append(plan.text)
                head.append("\n")
            }
            give(head)
        case .memory(let bytes) where fitsOneBuffer:
            bytes.withUnsafeBytes { _ = head.writeBytes($0) }
            give(head)
        case .memory(let bytes):
            give(head)
            give(bytes.withUnsafeBytes { ByteBuffer(bytes: $0) })
        case .parts(let bytes):
            give(head)
            give(bytes)
        case .file(let descriptor, let offset, let length, let pin):
            give(head)
            return send(FileView(descriptor: descriptor, pin: pin), offset, length, completion)
        }
        completion.duration = BootInstant.now().nanoseconds &- exchange.began.nanoseconds
        complete(completion)
        written()
    }

    func send(_ file: FileView, _ offset: Int, _ length: Int, _ completion: Completion) {
        guard let context else { return }
        longExchange = completion
        startSending()
        let promise = context.eventLoop.makePromise(of: Void.self)
        give(.fileRegion(file.region(offset, length)), promise: promise)
        flush()
        // After the write, so that a small one has its answer already and costs no second turn.
        promise.futureResult.assumeIsolated().whenComplete { result in
            file.end()
            self.longAnswerEnded(result)
        }
    }

    func longAnswerEnded(_ result: Result<Void, any Error>) {
        guard var completion = longExchange else { return }
        longExchange = nil
        completion.duration = BootInstant.now().nanoseconds &- completion.exchange.began.nanoseconds
        if case .failure = result { completion.abort(byErase: isCutOff) }
        complete(completion)
        if case .sending = phase { sent() }
    }

    private func note(_ plan: ResponsePlan, head: Int, body: OutgoingBody) {
        var object: Representation?
        if case .object(let shown) = plan.content, plan.sendsBody { object = shown }
        // The text of a failure counts too much here at worst, where it shows nothing.
        outgoing.append(object, bytes: head + body.length)
    }

    /// All of an answer is handed to the channel.
    func written() {
        guard let context else { return }
        if !context.channel.isWritable {
            flush()
            if !context.channel.isWritable { return startSending() }
        }
        sent()
    }

    func startSending() {
        if case .closed = phase { return }
        phase = .sending
        since = .now()
        unsentBefore = .max
    }

    /// The client has taken what it was sent, or near enough of it to go on.
    func sent() {
        if case .closed = phase { return }
        guard endsAfterSending || loop.isDraining && unread.readableBytes == 0 else {
            phase = .ready
            return resume()
        }
        linger()
    }

    func linger() {
        flush()
        if case .closed = phase { return }
        phase = .lingering
        since = .now()
        unsentBefore = 0
        unread = ByteBuffer()
        // Our end only: closing while bytes of the client lie unread would reset the connection under its answer.
        context?.close(mode: .output, promise: nil)
        readOn()
    }

    /// Looks at what has come in the meantime. Answers given within one turn of the channel leave together at its end.
    private func resume() {
        guard !isAdvancing else { return }
        since = .now()
        advance()
        flush()
        readOn()
    }

    private func readOn() {
        guard readIsHeld, unread.readableBytes < loop.headLimits.headBytes else { return }
        readIsHeld = false
        context?.read()
    }

    func flush() {
        guard needsFlush else { return }
        sendDirect()
        needsFlush = false
        if channelMayHoldBytes { context?.flush() }
    }
}

extension EdgeFailure {
    static func overloaded(_ retryAfter: UInt32) -> EdgeFailure {
        EdgeFailure(
            status: 503, code: "EOVERLOAD", message: "this node has more requests than it can take; try again",
            retryAfter: retryAfter
        )
    }
}
