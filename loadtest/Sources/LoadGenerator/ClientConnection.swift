internal import NIOCore

/// One keep-alive connection with at most one request on it. Lives on its event loop.
final class ClientConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let endpoint: Int
    private(set) var request: InFlightRequest?
    private let owner: LoadLoop
    private var context: ChannelHandlerContext?
    private var reader = ResponseReader()
    private var isClosing = false
    private var wasReset = false
    /// Written anew for each request: once the last one is on the wire its storage is free again.
    private var requestBytes = ByteBuffer()

    init(owner: LoadLoop, endpoint: Int) {
        self.owner = owner
        self.endpoint = endpoint
    }

    func send(_ request: InFlightRequest, _ plan: PhasePlan) {
        guard let context else { return }
        self.request = request
        reader.reset()
        requestBytes.clear()
        requestBytes.writeStaticString("GET ")
        requestBytes.writeBytes(plan.mix.target(request.pick))
        requestBytes.writeBytes(plan.targets[endpoint].requestTail)
        context.writeAndFlush(wrapOutboundOut(requestBytes), promise: nil)
    }

    /// Gives the request up, if there is one, without reporting it.
    func abandon() {
        request = nil
        close()
    }

    func close() {
        isClosing = true
        context?.close(mode: .all, promise: nil)
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        owner.connected(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // What arrives after a request was given up belongs to nobody.
        guard !isClosing else { return }
        let bytes = unwrapInboundIn(data)
        guard request != nil else {
            owner.strayBytes()
            close()
            return
        }
        switch reader.consume(bytes.readableBytesUInt8Span) {
        case .incomplete: break
        case .complete(excess: 0): finish()
        case .complete: fail(.excessBytes)
        case .malformed: fail(.malformed)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        wasReset = true
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosing = true
        if request != nil {
            if reader.endsWithConnection, !wasReset {
                finish()
            } else if reader.bodyBytes > 0 || reader.hasBegun && !wasReset {
                fail(.shortBody)
            } else {
                fail(wasReset ? .reset : .noAnswer)
            }
        }
        self.context = nil
        owner.disconnected(self)
    }

    private func finish() {
        guard let request else { return }
        self.request = nil
        let isReusable = reader.head.keepsAlive && !isClosing
        if !isReusable { close() }
        owner.answered(request, reader)
        // Only now, when nobody looks at the reader any more: the next request resets it.
        if isReusable { owner.giveWork(self) }
    }

    private func fail(_ fault: RequestFault) {
        guard let request else { return }
        abandon()
        owner.failed(request, fault)
    }
}
