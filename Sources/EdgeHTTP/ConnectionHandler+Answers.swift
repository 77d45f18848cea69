internal import CacheProtocol
internal import Logging
internal import NIOCore

/// How an answer leaves, and when the next request is looked at.
extension ConnectionHandler {
    /// Room for the head of nearly every answer.
    private static let headBytes = 640

    func send(_ answer: EdgeAnswer, _ exchange: Exchange) {
        let plan = ResponsePlan(answer, to: exchange.request, connection: ending(exchange.connection))
        guard case .object(_, let body) = answer.kind, case .object = plan.content else {
            return send(plan, body: .none, exchange)
        }
        guard plan.sendsBody else { return send(plan, body: .none, exchange) }
        guard let selected = body.selected(plan.selection) else { return sendDamaged(plan, exchange) }
        send(plan, body: selected, exchange)
    }

    private func sendDamaged(_ plan: ResponsePlan, _ exchange: Exchange, rawTarget: String? = nil) {
        loop.log.error("A cached file is shorter than its record says; the request is answered 500")
        let failure = EdgeFailure(status: 500, code: "EFAULT", message: "the cached copy is damaged")
        send(ResponsePlan(failure, .refused(.fault), plan.connection), body: .none, exchange, rawTarget: rawTarget)
    }

    func send(_ plan: ResponsePlan, body: AnswerBody, _ exchange: Exchange, rawTarget: String? = nil) {
        guard let context else { return }
        if case .file(let descriptor, let offset, let length, _) = body, !FileView.holds(descriptor, offset, length) {
            loop.log.error("A cached file is shorter than its record says; the request is answered 500")
            let failure = EdgeFailure(status: 500, code: "EFAULT", message: "the cached copy is damaged")
            return send(ResponsePlan(failure, .refused(.fault), plan.connection), body: .none, exchange)
        }
        let (now, date) = loop.date()
        let fitsOneBuffer = body.isInMemory && body.length <= loop.configuration.oneBufferBytes
        var head = context.channel.allocator.buffer(capacity: Self.headBytes + (fitsOneBuffer ? body.length : 0))
        loop.responseHead.write(plan, now: now, date: date, to: &head)
        endsAfterSending = !plan.connection.goesOn
        var completion = Completion(exchange, plan, rawTarget: rawTarget)
        needsFlush = true
        if outgoing.isCrowded { forgetSentAnswers() }
        note(plan, head: head.readableBytes, body: body)
        switch body {
        case .none:
            if plan.sendsBody {
                head.append(plan.text)
                head.append("\n")
            }
            context.write(wrapOutboundOut(.byteBuffer(head)), promise: nil)
        case .bytes(var bytes):
            if fitsOneBuffer {
                head.writeBuffer(&bytes)
                context.write(wrapOutboundOut(.byteBuffer(head)), promise: nil)
            } else {
                context.write(wrapOutboundOut(.byteBuffer(head)), promise: nil)
                context.write(wrapOutboundOut(.byteBuffer(bytes)), promise: nil)
            }
        case .file(let descriptor, let offset, let length, let pin):
            context.write(wrapOutboundOut(.byteBuffer(head)), promise: nil)
            return send(FileView(descriptor: descriptor, pin: pin), offset, length, completion)
        }
        completion.duration = BootInstant.now().nanoseconds &- exchange.began.nanoseconds
        complete(completion)
        written()
    }

    private func send(_ file: FileView, _ offset: Int, _ length: Int, _ completion: Completion) {
        guard let context else { return }
        fileExchange = completion
        startSending()
        let promise = context.eventLoop.makePromise(of: Void.self)
        context.writeAndFlush(wrapOutboundOut(.fileRegion(file.region(offset, length))), promise: promise)
        needsFlush = false
        // After the write, so that a small one has its answer already and costs no second turn.
        promise.futureResult.assumeIsolated().whenComplete { result in
            file.end()
            self.fileEnded(result)
        }
    }

    private func fileEnded(_ result: Result<Void, any Error>) {
        guard var completion = fileExchange else { return }
        fileExchange = nil
        // It was the last, and bytes leave in order.
        outgoing.keep(unsent: 0)
        completion.duration = BootInstant.now().nanoseconds &- completion.exchange.began.nanoseconds
        if case .failure = result { completion.abort(byErase: isCutOff) }
        complete(completion)
        if case .sending = phase { sent() }
    }

    private func note(_ plan: ResponsePlan, head: Int, body: AnswerBody) {
        var object: ObjectMetadata?
        if case .object(let metadata) = plan.content, plan.sendsBody { object = metadata }
        // The text of a failure counts too much here at worst, where it shows nothing.
        outgoing.append(object, bytes: head + body.length)
    }

    /// All of an answer is handed to the channel.
    private func written() {
        guard let context else { return }
        if !context.channel.isWritable {
            flush()
            if !context.channel.isWritable { return startSending() }
        }
        sent()
    }

    private func startSending() {
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
        needsFlush = false
        context?.flush()
    }
}

extension AnswerBody {
    fileprivate var isInMemory: Bool {
        if case .bytes = self { true } else { false }
    }

    /// - Returns: Nil for a file that is shorter than it should be.
    fileprivate func selected(_ selection: ResponsePlan.Selection) -> AnswerBody? {
        switch selection {
        case .whole: self
        case .part(let range, _): part(range)
        case .parts(let parts): parts.body(read).map { .bytes($0) }
        }
    }

    private func part(_ range: Range<Int>) -> AnswerBody {
        switch self {
        case .bytes(let buffer):
            buffer.getSlice(at: buffer.readerIndex + range.lowerBound, length: range.count).map { .bytes($0) } ?? .none
        case .file(let descriptor, let offset, _, let pin):
            .file(descriptor: descriptor, offset: offset + range.lowerBound, length: range.count, pin: pin)
        case .none: .none
        }
    }

    private func read(_ range: Range<Int>) -> ByteBuffer? {
        switch self {
        case .bytes(let buffer): buffer.getSlice(at: buffer.readerIndex + range.lowerBound, length: range.count)
        case .file(let descriptor, let offset, _, _): FileView.read(descriptor, offset + range.lowerBound, range.count)
        case .none: nil
        }
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
