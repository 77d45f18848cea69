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
        guard isAdmitted else { return }
        isAdmitted = false
        loop.cells.handshakesFailed.increment()
        loop.remove(self)
        loop.connectionAdmission.leave(client)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { return context.close(promise: nil) }
        guard case .handshakeCompleted(let agreed)? = event as? TLSUserEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        guard isAdmitted else { return }
        do {
            try pass(agreed, context)
        } catch {
            // Only where the channel is closed already.
            context.close(promise: nil)
        }
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

    private func pass(_ agreed: String?, _ context: ChannelHandlerContext) throws {
        isAdmitted = false
        loop.cells.handshakes.increment()
        let pipeline = context.pipeline.syncOperations
        if agreed == "h2" {
            loop.cells.http2Connections.increment()
            let connection = HTTP2Connection(loop: loop, client: client)
            loop.replace(self, by: connection)
            try pipeline.addHandlers([WriteJoiner(connection), connection.framing, connection])
        } else {
            let connection = ConnectionHandler(loop: loop, encryptedFor: client)
            loop.replace(self, by: connection)
            try pipeline.addHandler(connection)
        }
        pipeline.removeHandler(context: context, promise: nil)
    }

    // MARK: ServerConnection

    func checkDeadlines(_ now: BootInstant) {
        if now.milliseconds(since: since) / 1000 >= loop.configuration.headSeconds { context?.close(promise: nil) }
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
