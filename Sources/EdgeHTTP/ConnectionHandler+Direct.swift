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
        guard let socket, let answer = direct.take() else { return }
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
            guard let request = answer.uncounted else { return }
            guard rest > 0 else { return countHit(request, bytes: length, endedAt: .now()) }
            give(answer.head.dropping(sent))
            let bodySent = max(0, sent - answer.head.readableBytes)
            let completion = Completion(hit: request, bytes: length)
            send(FileView(descriptor: descriptor, pin: pin), offset + bodySent, length - bodySent, completion)
        }
    }

    /// To be called instead of sending it.
    func dropDirect(byErase isErased: Bool) {
        guard let answer = direct.take(), let request = answer.uncounted else { return }
        var completion = Completion(hit: request, bytes: answer.body.length)
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
