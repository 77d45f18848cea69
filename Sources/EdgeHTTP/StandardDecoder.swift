internal import NIOCore
internal import NIOHTTP1

/// The standard decoder behind ``ConnectionHandler``, put into the pipeline for one unusual head and taken out again. A
/// fresh one for each: nothing of one request, such as an upgrade that we don't take up, reaches into the next.
enum StandardDecoder {
    /// - Parameter head: A complete head, as ``HeadScanner`` found it; the body is never given.
    static func decode(
        _ head: ByteBuffer, limits: HeadLimits, behind handler: any ChannelHandler, context: ChannelHandlerContext
    ) -> StandardRequest {
        // The decoder refuses it too, without a word why; and people do type such URLs.
        guard !RawRequestLine(head).isBeyondASCII else { return .refused(.beyondASCII) }
        var decoderLimits = NIOHTTPDecoderLimitConfiguration()
        decoderLimits.maxHeaderListSize = limits.headBytes
        decoderLimits.maxHeaderFieldSize = limits.headBytes
        decoderLimits.maxHeaderFieldCount = limits.fields
        let decoder = ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: decoderLimits))
        let collector = HeadCollector()
        let pipeline = context.pipeline.syncOperations
        do {
            try pipeline.addHandlers([decoder, collector], position: .after(handler))
        } catch {
            return .refused(.malformed)
        }
        context.fireChannelRead(NIOAny(head))
        pipeline.removeHandler(decoder, promise: nil)
        pipeline.removeHandler(collector, promise: nil)
        return collector.request
    }
}

/// Takes what the decoder made of one head. Whatever comes later, as when the decoder leaves, is swallowed.
private final class HeadCollector: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart

    private var collected: StandardRequest?

    var request: StandardRequest {
        collected ?? .refused(.malformed)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data), collected == nil else { return }
        collected = StandardRequest(head)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An error after the head speaks against the head: its framing fields contradict each other.
        switch error as? HTTPParserError {
        case .invalidMethod: collected = .refused(.method)
        case .invalidVersion: collected = .refused(.version)
        case .headerOverflow: collected = .refused(.headTooLarge)
        default: collected = .refused(.malformed)
        }
    }
}
