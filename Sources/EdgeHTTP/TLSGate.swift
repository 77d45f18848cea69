internal import CacheProtocol
internal import NIOCore
internal import NIOHTTP2
internal import NIOTLS
internal import Telemetry

/// A connection whose handshake is under way. When it is done, the handlers of the protocol that was agreed on take its place.
final class TLSGate: ChannelInboundHandler, RemovableChannelHandler, ServerConnection {
    typealias InboundIn = ByteBuffer

    private let loop: LoopState
    private var context: ChannelHandlerContext?
    private var client = "-"
    private var isAdmitted = false
    private let since = BootInstant.now()

    init(loop: LoopState) {
        self.loop = loop
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { begin(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        begin(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        ended()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { return context.close(promise: nil) }
        guard case .handshakeCompleted(let agreed)? = event as? TLSUserEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        guard isAdmitted else { return }
        pass(agreed, context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A handshake that came to nothing, mostly a scanner's; counted when the channel is closed.
        context.close(promise: nil)
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard !isAdmitted else { return }
        client = context.remoteAddress?.ipAddress ?? "-"
        guard !loop.isDraining, loop.connectionAdmission.enter(client) else {
            loop.cells.refused.increment()
            return context.close(promise: nil)
        }
        isAdmitted = true
        loop.add(self)
    }

    private func pass(_ agreed: String?, _ context: ChannelHandlerContext) {
        isAdmitted = false
        loop.cells.handshakes.increment()
        if agreed == "h2" {
            loop.cells.http2Connections.increment()
            let connection = HTTP2Connection(loop: loop, client: client)
            pass(to: connection, [WriteJoiner(connection), connection.framing, connection], context)
        } else {
            let connection = ConnectionHandler(loop: loop, encryptedFor: client)
            pass(to: connection, [connection], context)
        }
    }

    private func pass(
        to connection: any ServerConnection, _ handlers: [any ChannelHandler], _ context: ChannelHandlerContext
    ) {
        loop.replace(self, by: connection)
        let pipeline = context.pipeline.syncOperations
        // Fails only where the channel is closed already.
        try? pipeline.addHandlers(handlers)
        // The framing speaks first, and may find the client gone before all of them are there to hear of it.
        if !context.channel.isActive { connection.ended() }
        pipeline.removeHandler(context: context, promise: nil)
    }

    // MARK: ServerConnection

    func checkDeadlines(_ now: BootInstant) {
        if now.milliseconds(since: since) / 1000 >= loop.configuration.headSeconds { context?.close(promise: nil) }
    }

    func ended() {
        guard isAdmitted else { return }
        isAdmitted = false
        loop.cells.handshakesFailed.increment()
        loop.remove(self)
        loop.connectionAdmission.leave(client)
    }

    func flush() {}

    func forgetSentAnswers() {}

    func cutOff(where isForbidden: (ObjectMetadata) -> Bool) -> EventLoopFuture<Void>? { nil }

    func leave() {}

    func drain() { abort() }

    func abort() {
        context?.close(promise: nil)
    }
}
