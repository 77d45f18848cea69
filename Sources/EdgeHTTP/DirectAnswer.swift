internal import CacheProtocol
internal import NIOCore

/// A whole answer that goes from where its bytes lie into the socket, without passing through the channel: at the end of the
/// event loop's turn, see ``FlushQueue``.
struct DirectAnswer {
    let object: Representation
    let head: ByteBuffer
    let body: Body
    /// Nil where it was counted as it was made.
    let uncounted: EdgeRequest?
    /// Bytes.
    let length: Int

    init(object: Representation, head: ByteBuffer, body: Body, uncounted: EdgeRequest?) {
        self.object = object
        self.head = head
        self.body = body
        self.uncounted = uncounted
        length = head.readableBytes + body.length
    }

    enum Body {
        case memory(any BodyBytes)
        case file(descriptor: CInt, offset: Int, length: Int, pin: any AnyObject & Sendable)

        init?(_ body: AnswerBody) {
            switch body {
            case .memory(let bytes): self = .memory(bytes)
            case .file(let descriptor, let offset, let length, let pin):
                self = .file(descriptor: descriptor, offset: offset, length: length, pin: pin)
            case .none: return nil
            }
        }

        var length: Int {
            switch self {
            case .memory(let bytes): bytes.count
            case .file(_, _, let length, _): length
            }
        }
    }

    /// Gives the socket what it takes.
    ///
    /// - Returns: How many bytes that was. What goes wrong shows when the channel is given the rest.
    func send(to socket: CInt) -> Int {
        head.withUnsafeReadableBytes { head in
            switch body {
            case .memory(let bytes):
                return bytes.withUnsafeBytes { DirectSocket.send(head, $0, to: socket) }
            case .file(let descriptor, let offset, let length, _):
                let sent = DirectSocket.send(head, to: socket, moreFollows: true)
                guard sent == head.count else { return sent }
                return sent + DirectSocket.sendFile(descriptor, offset, length, to: socket)
            }
        }
    }
}
