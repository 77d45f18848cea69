internal import NIOCore

/// Between HTTP/2 and TLS: joins what HTTP/2 writes, frame heads and bodies apart, to whole TLS records (RFC 8446 §5.1): each write would else be
/// encrypted and framed as one of its own.
final class WriteJoiner: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let recordBytes = 16 * 1024
    private var record = ByteBuffer()
    // Lives in the same pipeline.
    private unowned let connection: HTTP2Connection

    init(_ connection: HTTP2Connection) {
        self.connection = connection
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { return connection.inputClosed() }
        context.fireUserInboundEventTriggered(event)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        var bytes = unwrapOutboundIn(data)
        while record.readableBytes + bytes.readableBytes >= Self.recordBytes,
            var part = bytes.readSlice(length: Self.recordBytes - record.readableBytes)
        {
            if record.readableBytes > 0 { append(&part) } else { record = part }
            pass(context, bytes.readableBytes == 0 ? promise : nil)
        }
        if bytes.readableBytes > 0 { append(&bytes) } else { return }
        if promise != nil { pass(context, promise) }
    }

    func flush(context: ChannelHandlerContext) {
        pass(context, nil)
        context.flush()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        pass(context, nil)
        context.close(mode: mode, promise: promise)
    }

    private func append(_ bytes: inout ByteBuffer) {
        if record.readableBytes == 0 { record = ByteBuffer(); record.reserveCapacity(Self.recordBytes) }
        record.writeBuffer(&bytes)
    }

    private func pass(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        guard record.readableBytes > 0 || promise != nil else { return }
        let full = record
        record = ByteBuffer()
        context.write(wrapOutboundOut(full), promise: promise)
    }
}
