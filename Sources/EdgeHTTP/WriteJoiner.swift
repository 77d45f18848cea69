internal import NIOCore

/// Between HTTP/2 and TLS: joins what HTTP/2 writes, frame heads and bodies apart, to whole TLS records (RFC 8446 §5.1). Each
/// write would else be encrypted and framed as one of its own.
final class WriteJoiner: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let recordBytes = 16 * 1024
    /// From this on, a body is worth a record of its own.
    private static let longBytes = recordBytes / 2
    private var record = ByteBuffer()
    /// Written last, and not in `record` yet: the body that it announces may have room for it.
    private var head = ByteBuffer()
    // Lives in the same pipeline.
    private unowned let connection: HTTP2Connection?

    /// - Parameter connection: Hears of the end of what the client sends.
    init(_ connection: HTTP2Connection?) {
        self.connection = connection
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let connection, case .inputClosed? = event as? ChannelEvent { return connection.inputClosed() }
        context.fireUserInboundEventTriggered(event)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var bytes = unwrapOutboundIn(data)
        if bytes.readableBytes == HTTP2Framing.headBytes, promise == nil {
            joinHead(context)
            // Copied: the framing writes the next one over it.
            head.writeBuffer(&bytes)
        } else if isLong(bytes) {
            pass(context, nil)
            bytes.prepend(inRoom: head)
            head.clear()
            context.write(wrapOutboundOut(bytes), promise: promise)
        } else {
            joinHead(context)
            join(context, &bytes, promise)
        }
    }

    func flush(context: ChannelHandlerContext) {
        joinHead(context)
        pass(context, nil)
        context.flush()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        joinHead(context)
        pass(context, nil)
        context.close(mode: mode, promise: promise)
    }

    /// Goes as it is, with its head in front.
    private func isLong(_ bytes: ByteBuffer) -> Bool {
        let count = head.readableBytes + bytes.readableBytes
        return head.readableBytes > 0 && bytes.hasRoom(of: head.readableBytes)
            && (Self.longBytes...Self.recordBytes).contains(count)
    }

    private func joinHead(_ context: ChannelHandlerContext) {
        guard head.readableBytes > 0 else { return }
        var bytes = head
        join(context, &bytes, nil)
        head.clear()
    }

    private func join(_ context: ChannelHandlerContext, _ bytes: inout ByteBuffer, _ promise: EventLoopPromise<Void>?) {
        if bytes.readableBytes == 0, promise != nil { return pass(context, promise) }
        while record.readableBytes + bytes.readableBytes >= Self.recordBytes,
            var part = bytes.readSlice(length: Self.recordBytes - record.readableBytes)
        {
            if record.readableBytes > 0 { append(&part) } else { record = part }
            pass(context, bytes.readableBytes == 0 ? promise : nil)
        }
        if bytes.readableBytes > 0 { append(&bytes) } else { return }
        if promise != nil { pass(context, promise) }
    }

    private func append(_ bytes: inout ByteBuffer) {
        if record.readableBytes == 0 {
            record = ByteBuffer()
            record.reserveCapacity(Self.recordBytes)
        }
        record.writeBuffer(&bytes)
    }

    private func pass(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        guard record.readableBytes > 0 || promise != nil else { return }
        let full = record
        record = ByteBuffer()
        context.write(wrapOutboundOut(full), promise: promise)
    }
}
