internal import CacheProtocol
internal import NIOCore
internal import NIOHTTP2

/// From a request's header block to an answer.
extension HTTP2Connection {
    func take(_ headers: HTTP2Frame.FramePayload.Headers, _ id: HTTP2StreamID, receivedAt: BootInstant) {
        let isHalfRead = !headers.endStream
        func stream(_ exchange: Exchange) -> HTTP2Stream {
            HTTP2Stream(id, exchange, window: streamWindow, isHalfRead: isHalfRead)
        }
        let plan: ResponsePlan
        switch HTTP2Request.read(headers.headers, limits: loop.headLimits) {
        case .plain(let bytes, let head, let use):
            let request = EdgeRequest(head: head, bytes: bytes, client: client, receivedAt: receivedAt)
            let outcome = loop.responder.respond(to: request)
            if !isHalfRead, head.wantsWhole, answerPlainly(outcome, request, id) { return }
            return conclude(outcome, stream(Exchange(request, use)))
        case .options(let use): plan = .options(use)
        case .methodNotAllowed(let use): plan = .methodNotAllowed(use)
        case .refused(let fault): plan = ResponsePlan(fault.failure, .refused(.badRequest), ConnectionUse(goesOn: true))
        }
        send(plan, .none, stream(Exchange(headers.headers, began: receivedAt)))
    }

    /// The short way of a plain hit.
    private func answerPlainly(_ outcome: EdgeOutcome, _ request: EdgeRequest, _ id: HTTP2StreamID) -> Bool {
        guard case .now(let answer) = outcome, answer.cacheStatus == .hit, case .object(let object) = answer.kind,
            let body = object.directBody, body.isWhole
        else { return false }
        write(.headers(.init(headers: loop.hitFields(of: object))), id)
        guard case .memory(let bytes) = body, maySendAtOnce(bytes.count, ofStream: streamWindow) else {
            let completion = Completion(hit: request, bytes: body.length)
            let stream = HTTP2Stream(id, completion.exchange, window: streamWindow, isHalfRead: false)
            send(BodyPieces(OutgoingBody(body)), of: object, stream, completion)
            return true
        }
        note(object, bytes.count)
        let data = bytes.withUnsafeBytes { ByteBuffer($0, room: HTTP2Framing.headBytes) }
        write(.data(.init(data: .byteBuffer(data), endStream: true)), id)
        let duration = BootInstant.now().nanoseconds &- request.receivedAt.nanoseconds
        Completion.recordHit(request, bytes: bytes.count, duration: duration, client: client, on: loop)
        return true
    }

    private func conclude(_ outcome: EdgeOutcome, _ stream: HTTP2Stream) {
        switch outcome {
        case .now(let answer):
            send(answer, stream)
        case .later(let work):
            guard loop.waitingRoom.enter(client) else {
                let failure = EdgeFailure.overloaded(loop.configuration.retryAfterSeconds)
                return send(.failure(failure, .refused(.overload)), stream)
            }
            wait(for: work, stream)
        }
    }

    private func wait(for work: @escaping @Sendable () async -> EdgeAnswer, _ stream: HTTP2Stream) {
        guard let eventLoop = context?.eventLoop else { return }
        let me = NIOLoopBound(self, eventLoop: eventLoop)
        let (room, client, id) = (loop.waitingRoom, client, stream.id)
        let task = Task {
            let answer = await work()
            room.leave(client) { eventLoop.execute { me.value.deliver(answer, id) } }
        }
        stream.state = .waiting(task)
        streams[id] = stream
    }

    private func deliver(_ answer: EdgeAnswer, _ id: HTTP2StreamID) {
        guard let stream = streams[id], stream.isWaiting else { return }
        since = .now()
        send(loop.responder.confirm(answer), stream)
        sendInTurns()
        flush()
        dropWhatCannotBeSent()
        endIfDrained()
    }
}
