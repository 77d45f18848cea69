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
        let outcome = loop.responder.respond(to: request)
        if case .now(let answer) = outcome, answer.cacheStatus == .hit, case .object(let object) = answer.kind,
            let body = object.directBody
        {
            if mayAnswerDirectly, body.isWhole {
                answerDirectly(object, body, request)
                return true
            }
            if isEncrypted, case .memory(let bytes) = body, mayJoin(bytes) {
                answerJoined(object, bytes, request)
                return true
            }
        }
        conclude(outcome, Exchange(request, ConnectionUse(goesOn: true)))
        return true
    }

    private func wholePlainHead(_ bytes: ByteBuffer) -> RequestHead? {
        let span = bytes.readableBytesUInt8Span
        var scanner = HeadScanner(limits: loop.headLimits)
        guard scanner.scan(span) == .complete(length: span.count), let head = RequestHead(plain: span), !head.closes
        else { return nil }
        return head
    }

    /// To be encrypted, it must be copied anyway.
    private func mayJoin(_ bytes: any BodyBytes) -> Bool {
        bytes.count <= loop.configuration.oneBufferBytes && context?.channel.isWritable == true
    }

    private func answerJoined(_ object: Representation, _ bytes: any BodyBytes, _ request: EdgeRequest) {
        let whole = loop.wholeHit(of: object, bytes)
        if outgoing.isCrowded { forgetSentAnswers() }
        outgoing.append(object, bytes: whole.readableBytes)
        give(whole)
        since = .now()
        countHit(request, bytes: bytes.count, endedAt: since)
    }

    private func answerDirectly(_ object: Representation, _ body: DirectAnswer.Body, _ request: EdgeRequest) {
        var isInMemory = false
        if case .memory = body { isInMemory = true }
        direct = DirectAnswer(
            object: object, head: loop.hitHead(of: object), body: body, uncounted: isInMemory ? nil : request)
        needsFlush = true
        since = .now()
        if isInMemory { countHit(request, bytes: body.length, endedAt: since) }
    }

    func countHit(_ request: EdgeRequest, bytes: Int, endedAt end: BootInstant) {
        let duration = end.nanoseconds &- request.receivedAt.nanoseconds
        Completion.recordHit(request, bytes: bytes, duration: duration, client: client, on: loop)
    }
}

extension RequestHead {
    /// A GET without conditions and ranges.
    var wantsWhole: Bool {
        method == .get && ifNoneMatch == nil && ifModifiedSince == nil && range == nil
    }
}

extension DirectAnswer.Body {
    /// False for a file that is shorter than it should be.
    var isWhole: Bool {
        guard case .file(let descriptor, let offset, let length, _) = self else { return true }
        return FileView.holds(descriptor, offset, length)
    }
}
