internal import CacheProtocol
internal import NIOCore

/// The short way of what an edge does nearly all the time: a whole, plain GET has come in one piece, and its object is there.
/// It says and counts what the long way would, and differs in nothing but its cost; whatever is not quite so takes the long
/// way.
extension ConnectionHandler {
    /// - Returns: Whether the bytes were one request, which has its answer now.
    func answerPlainly(_ bytes: ByteBuffer, at now: BootInstant) -> Bool {
        guard case .ready = phase, !isAdvancing, !endsAfterSending, !loop.isLeaving,
            let head = wholePlainHead(bytes), head.wantsWhole
        else { return false }
        let request = EdgeRequest(head: head, bytes: bytes, client: client, receivedAt: now)
        let exchange = Exchange(request, ConnectionUse(goesOn: true))
        let outcome = loop.responder.respond(to: request)
        if case .now(let answer) = outcome, answer.cacheStatus == .hit, case .object(let object) = answer.kind,
            let body = object.directBody, mayAnswerDirectly, body.isWhole
        {
            answerDirectly(object, body, exchange)
        } else {
            conclude(outcome, exchange)
        }
        return true
    }

    private func wholePlainHead(_ bytes: ByteBuffer) -> RequestHead? {
        let span = bytes.readableBytesUInt8Span
        var scanner = HeadScanner(limits: loop.headLimits)
        guard scanner.scan(span) == .complete(length: span.count), let head = RequestHead(plain: span), !head.closes
        else { return nil }
        return head
    }

    private func answerDirectly(_ object: Representation, _ body: DirectAnswer.Body, _ exchange: Exchange) {
        direct = DirectAnswer(object: object, head: loop.hitHead(of: object), body: body, exchange: exchange)
        needsFlush = true
        let now = BootInstant.now()
        since = now
        guard case .memory(let bytes) = body else { return }
        var completion = Completion(hit: exchange, bytes: bytes.count)
        completion.duration = now.nanoseconds &- exchange.began.nanoseconds
        complete(completion)
    }
}

extension RequestHead {
    /// A GET without conditions and ranges.
    fileprivate var wantsWhole: Bool {
        method == .get && ifNoneMatch == nil && ifModifiedSince == nil && range == nil
    }
}

extension DirectAnswer.Body {
    /// False for a file that is shorter than it should be.
    fileprivate var isWhole: Bool {
        guard case .file(let descriptor, let offset, let length, _) = self else { return true }
        return FileView.holds(descriptor, offset, length)
    }
}
