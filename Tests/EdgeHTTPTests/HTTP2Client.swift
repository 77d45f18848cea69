import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import NIOSSL
import NIOTLS

/// A client that speaks frames: it can say what no browser would, and its own handler holds the server to the protocol.
final class HTTP2Client: Sendable {
    /// What came on one stream.
    struct Answer: Sendable, Equatable {
        var fields: [String] = []
        var body: [UInt8] = []
        var isWhole = false
        var reset: Int?

        var isOver: Bool { isWhole || reset != nil }
        var status: String? { value(":status") }

        func value(_ name: String) -> String? {
            fields.first { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
        }
    }

    struct Heard: Sendable {
        var answers: [Int: Answer] = [:]
        /// The last stream that is answered, and why it goes.
        var goAways: [(last: Int, code: Int)] = []
        var isReady = false
        var isEnded = false
        var mistakes: [String] = []
    }

    let heard = Watched(Heard())
    private let channel: any Channel
    private let streams = Watched(1)

    /// - Parameter window: Bytes that it takes of each stream before it says more.
    init(port: Int, window: Int = 1 << 20, widens: Bool = true) async throws {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        tls.applicationProtocols = ["h2"]
        let context = try NIOSSLContext(configuration: tls)
        let heard = heard
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let framing = NIOHTTP2Handler(
                        mode: .client, initialSettings: [HTTP2Setting(parameter: .initialWindowSize, value: window)],
                        headerBlockValidation: .disabled, contentLengthValidation: .disabled)
                    try channel.pipeline.syncOperations.addHandlers([
                        try NIOSSLClientHandler(context: context, serverHostname: nil), framing, Listener(heard, widens: widens),
                    ])
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        await heard.wait { $0.isReady || $0.isEnded }
    }

    /// - Returns: Its stream.
    @discardableResult
    func request(_ fields: [(String, String)], ends: Bool = true) async throws -> Int {
        var id = 0
        streams.change { id = $0; $0 += 2 }
        try await send(.headers(.init(headers: HPACKHeaders(fields), endStream: ends)), on: id)
        return id
    }

    @discardableResult
    func get(_ path: String, _ fields: (String, String)..., method: String = "GET") async throws -> Int {
        try await request(Self.head(path, method: method) + fields)
    }

    static func head(_ path: String, method: String = "GET") -> [(String, String)] {
        [(":method", method), (":scheme", "https"), (":path", path), (":authority", "cdn.example")]
    }

    /// Requests that are taken back at once, as fast as they can be written.
    func flood(_ count: Int, _ path: String = "/a.jpg") {
        let channel = channel
        var first = 0
        streams.change { first = $0; $0 += 2 * count }
        let ids = stride(from: first, to: first + 2 * count, by: 2)
        channel.eventLoop.execute {
            for id in ids {
                let head = HTTP2Frame.FramePayload.headers(.init(headers: HPACKHeaders(Self.head(path)), endStream: true))
                channel.write(HTTP2Frame(streamID: HTTP2StreamID(id), payload: head), promise: nil)
                channel.writeAndFlush(HTTP2Frame(streamID: HTTP2StreamID(id), payload: .rstStream(.cancel)), promise: nil)
            }
        }
    }

    func send(_ payload: HTTP2Frame.FramePayload, on stream: Int) async throws {
        try await channel.writeAndFlush(HTTP2Frame(streamID: HTTP2StreamID(stream), payload: payload)).get()
    }

    /// All at once.
    func send(_ frames: [(payload: HTTP2Frame.FramePayload, stream: Int)]) async throws {
        for frame in frames.dropLast() {
            channel.write(HTTP2Frame(streamID: HTTP2StreamID(frame.stream), payload: frame.payload), promise: nil)
        }
        if let last = frames.last { try await send(last.payload, on: last.stream) }
    }

    /// All of it, or what came before the stream or the connection was ended.
    func answer(to stream: Int) async -> Answer {
        await heard.wait { $0.isEnded || $0.answers[stream]?.isOver == true }
        return heard.value.answers[stream] ?? Answer()
    }

    /// When as many bytes of its body have come.
    func bytes(_ count: Int, of stream: Int) async -> Answer {
        await heard.wait { $0.isEnded || $0.answers[stream]?.isOver == true || $0.answers[stream]?.body.count ?? 0 >= count }
        return heard.value.answers[stream] ?? Answer()
    }

    func ended() async {
        await heard.wait { $0.isEnded }
    }

    /// What its own framing would not say.
    func send(frames bytes: [UInt8]) async throws {
        try await channel.eventLoop.flatSubmit { [channel] in
            do {
                let framing = try channel.pipeline.syncOperations.context(handlerType: NIOHTTP2Handler.self)
                return framing.writeAndFlush(NIOAny(ByteBuffer(bytes: bytes)))
            } catch {
                return channel.eventLoop.makeFailedFuture(error)
            }
        }.get()
    }

    /// Says no more, and reads on.
    func halfClose() async throws {
        try await channel.close(mode: .output).get()
    }

    func stopReading() async throws {
        try await channel.setOption(.autoRead, value: false).get()
    }

    func close() async {
        try? await channel.close().get()
    }

    private final class Listener: ChannelInboundHandler {
        typealias InboundIn = HTTP2Frame
        typealias OutboundOut = HTTP2Frame

        private let heard: Watched<Heard>
        private let widens: Bool

        init(_ heard: Watched<Heard>, widens: Bool) {
            (self.heard, self.widens) = (heard, widens)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let frame = unwrapInboundIn(data)
            let stream = Int(frame.streamID)
            switch frame.payload {
            case .headers(let headers):
                let fields = headers.headers.map { "\($0.name): \($0.value)" }
                heard.change {
                    $0.answers[stream, default: Answer()].fields += fields
                    if headers.endStream { $0.answers[stream]?.isWhole = true }
                }
            case .data(let data):
                guard case .byteBuffer(let bytes) = data.data else { return }
                heard.change {
                    $0.answers[stream, default: Answer()].body += Array(bytes.readableBytesView)
                    if data.endStream { $0.answers[stream]?.isWhole = true }
                }
                guard widens, bytes.readableBytes > 0 else { return }
                for id in data.endStream ? [HTTP2StreamID.rootStream] : [.rootStream, frame.streamID] {
                    let more = HTTP2Frame.FramePayload.windowUpdate(windowSizeIncrement: bytes.readableBytes)
                    context.writeAndFlush(wrapOutboundOut(HTTP2Frame(streamID: id, payload: more)), promise: nil)
                }
            case .rstStream(let code): heard.change { $0.answers[stream, default: Answer()].reset = code.networkCode }
            case .goAway(let last, let code, _): heard.change { $0.goAways.append((Int(last), code.networkCode)) }
            default: break
            }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case .handshakeCompleted? = event as? TLSUserEvent { heard.change { $0.isReady = true } }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            heard.change { $0.mistakes.append("\(error)") }
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            heard.change { $0.isEnded = true }
        }
    }
}
