internal import CacheProtocol
internal import Logging
internal import NIOCore
internal import NIOHTTP2

/// How answers leave: those that the client takes at once, whole; the others piece by piece, in turns.
extension HTTP2Connection {
    /// The most that a frame may have where the client has not allowed more (RFC 9113 §4.2).
    private static let frameBytes = 16 * 1024
    /// A frame of a long body, with its head, is one TLS record (RFC 8446 §5.1).
    private static let pieceBytes = 16 * 1024 - HTTP2Framing.headBytes
    /// Of one stream, before it is the next one's turn: what is worth one read.
    private static let turnBytes = 8 * pieceBytes
    /// What is handed over before the channel is asked whether it takes more.
    private static let burstBytes = 128 * 1024

    func send(_ answer: EdgeAnswer, _ stream: HTTP2Stream) {
        let plan = ResponsePlan(answer, to: stream.exchange.request, connection: stream.exchange.connection)
        guard case .object(let object) = plan.content, plan.sendsBody else { return send(plan, .none, stream) }
        guard let body = OutgoingBody(object.body, plan.selection) else {
            loop.log.error("A cached file is shorter than its record says; the request is answered 500")
            let failure = EdgeFailure(status: 500, code: "EFAULT", message: "the cached copy is damaged")
            return send(ResponsePlan(failure, .refused(.fault), plan.connection), .none, stream)
        }
        send(plan, body, stream)
    }

    func send(_ plan: ResponsePlan, _ body: OutgoingBody, _ stream: HTTP2Stream) {
        guard context != nil else { return }
        let (now, date) = loop.date()
        var pieces = BodyPieces(body)
        if case .none = body, plan.sendsBody { pieces = BodyPieces(.parts(ByteBuffer(string: plan.text + "\n"))) }
        let headers = loop.responseHead.http2(plan, now: now, date: date)
        write(.headers(.init(headers: headers, endStream: pieces.isEmpty)), stream.id)
        let completion = Completion(stream.exchange, plan)
        if pieces.isEmpty { return finish(stream, completion) }
        var object: Representation?
        if case .object(let shown) = plan.content { object = shown }
        send(pieces, of: object, stream, completion)
    }

    func send(_ body: BodyPieces, of object: Representation?, _ stream: HTTP2Stream, _ completion: Completion) {
        stream.state = .sending(body, object, completion)
        stream.since = .now()
        stream.answeredAt = stream.since
        if maySendAtOnce(body.count, ofStream: stream.window) { return sendTurn(of: stream) }
        streams[stream.id] = stream
        queue(stream)
    }

    /// Else the others wait for their turns already, the channel for the client, or the client for itself.
    func maySendAtOnce(_ bytes: Int, ofStream window: Int) -> Bool {
        turns.isEmpty && bytes <= min(Self.frameBytes, self.window, window) && mayWrite
    }

    /// As far as the client's windows and the channel's patience go.
    func sendInTurns() {
        var flushedAt = window
        // A flush may end the connection, or come back to this.
        while window > 0, mayWrite, let stream = turns.popFirst() {
            stream.isInTurn = false
            // Taken back by the client since it was queued; it is queued anew when that changes.
            guard stream.window > 0 else { continue }
            // What it has waited for others is no stall of its client's.
            stream.since.nanoseconds += BootInstant.now().nanoseconds - stream.queuedAt.nanoseconds
            sendTurn(of: stream)
            if flushedAt - window >= Self.burstBytes {
                flushedAt = window
                flush()
            }
        }
    }

    private func queue(_ stream: HTTP2Stream) {
        guard stream.window > 0, !stream.isInTurn, isOpen else { return }
        stream.isInTurn = true
        stream.queuedAt = .now()
        turns.append(stream)
    }

    /// Sends as much of one as is read from a file at once, and notes what is left.
    private func sendTurn(of stream: HTTP2Stream) {
        guard case .sending(var body, let object, var completion) = stream.state else { return }
        stream.state = .over
        let most = min(Self.turnBytes, window, stream.window)
        let size = min(body.count, most) <= Self.frameBytes ? Self.frameBytes : Self.pieceBytes
        guard let pieces = body.take(most, inPiecesOf: size, room: HTTP2Framing.headBytes) else {
            // The client has its head already: all that is left is to break off.
            loop.log.error("A cached file is shorter than its record says; its answer is broken off")
            write(.rstStream(.internalError), stream.id)
            completion.abort(byErase: false)
            return finish(stream, completion, isReset: true)
        }
        for (number, piece) in pieces.enumerated() {
            stream.window -= piece.readableBytes
            note(object, piece.readableBytes)
            let isLast = body.isEmpty && number == pieces.count - 1
            write(.data(.init(data: .byteBuffer(piece), endStream: isLast)), stream.id)
        }
        notePace(of: stream, pieces.reduce(0) { $0 + $1.readableBytes })
        if body.isEmpty { return finish(stream, completion) }
        stream.state = .sending(body, object, completion)
        // It may have ended meanwhile, with all that was noted.
        guard isOpen else { return end(stream) }
        streams[stream.id] = stream
        queue(stream)
    }

    /// Less than this much in the time of a stall counts as nothing: a client could else hold a stream for as long as it has bytes.
    private static let leastBytes = 4 * 1024

    private func notePace(of stream: HTTP2Stream, _ bytes: Int) {
        since = .now()
        stream.sentSince += bytes
        sentSince += bytes
        if stream.sentSince >= Self.leastBytes { (stream.since, stream.sentSince) = (since, 0) }
        if sentSince >= Self.leastBytes { (sentAt, sentSince) = (since, 0) }
    }

    private func finish(_ stream: HTTP2Stream, _ ended: Completion, isReset: Bool = false) {
        if stream.isHalfRead, !isReset {
            // It need not send the rest of its body (RFC 9113 §8.1); but the reset would overtake what the framing holds.
            flush()
            if isWholeHandedOn { write(.rstStream(.noError), stream.id) }
        }
        stream.state = .over
        var completion = ended
        completion.duration = BootInstant.now().nanoseconds &- stream.exchange.began.nanoseconds
        complete(completion)
        streams[stream.id] = nil
        endIfDrained()
    }

    // MARK: Windows

    func widen(_ id: HTTP2StreamID, by more: Int) {
        guard let stream = streams[id] else { return }
        stream.window += more
        if !stream.isWaiting { queue(stream) }
    }

    /// RFC 9113 §6.9.2: it goes for the streams that are there too, and may leave them below zero.
    func setStreamWindow(_ bytes: Int) {
        let more = bytes - streamWindow
        streamWindow = bytes
        // In an order that the client can foresee.
        for stream in streams.values.sorted(by: { $0.id < $1.id }) {
            stream.window += more
            if !stream.isWaiting { queue(stream) }
        }
    }
}
