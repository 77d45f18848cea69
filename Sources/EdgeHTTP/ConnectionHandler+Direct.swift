internal import CacheProtocol
internal import NIOCore

/// Answers that go past the channel. They do so only while it holds nothing, so bytes leave in order; it gets what the socket
/// does not take.
extension ConnectionHandler {
    var mayAnswerDirectly: Bool {
        guard socket != nil, direct == nil else { return false }
        if channelMayHoldBytes, bytesInChannel == 0 { channelMayHoldBytes = false }
        return !channelMayHoldBytes
    }

    func sendDirect() {
        guard let answer = direct, let socket else { return }
        direct = nil
        let sent = answer.send(to: socket)
        let rest = answer.length - sent
        switch answer.body {
        case .memory(let bytes):
            outgoing.append(rest == 0 ? nil : answer.object, bytes: answer.length)
            guard rest > 0 else { return }
            give(answer.head.dropping(sent))
            let bodySent = max(0, sent - answer.head.readableBytes)
            give(BodySlice(bytes, bodySent..<bytes.count).withUnsafeBytes { ByteBuffer(bytes: $0) })
            written()
        case .file(let descriptor, let offset, let length, let pin):
            // Until the peer has it: the socket sends from the file's pages.
            if outgoing.isCrowded { forgetSentAnswers() }
            outgoing.append(answer.object, bytes: answer.length)
            var completion = Completion(hit: answer.exchange, bytes: length)
            guard rest > 0 else {
                completion.duration = BootInstant.now().nanoseconds &- answer.exchange.began.nanoseconds
                return complete(completion)
            }
            give(answer.head.dropping(sent))
            let bodySent = max(0, sent - answer.head.readableBytes)
            send(FileView(descriptor: descriptor, pin: pin), offset + bodySent, length - bodySent, completion)
        }
    }

    /// To be called instead of sending it.
    func dropDirect(byErase isErased: Bool) {
        guard let answer = direct else { return }
        direct = nil
        // One from memory was counted when it was made.
        guard case .file(_, _, let length, _) = answer.body else { return }
        var completion = Completion(hit: answer.exchange, bytes: length)
        completion.abort(byErase: isErased)
        complete(completion)
    }
}

extension ByteBuffer {
    fileprivate func dropping(_ count: Int) -> ByteBuffer {
        var rest = self
        rest.moveReaderIndex(forwardBy: min(count, readableBytes))
        return rest
    }
}
