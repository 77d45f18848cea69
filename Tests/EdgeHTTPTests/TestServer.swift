import CacheProtocol
import EdgeHTTP
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import Telemetry

/// A real server on a loopback port, whose responder is a closure.
struct TestServer: Sendable {
    let server: EdgeHTTPServer
    let address: EdgeAddress
    let metrics: MetricsRegistry

    static func run<Result>(
        _ configuration: EdgeHTTPConfiguration = .patient, accessLog: AccessLog? = nil,
        responding respond: @escaping @Sendable (EdgeRequest) -> EdgeOutcome,
        _ body: (TestServer) async throws -> Result
    ) async throws -> Result {
        let metrics = MetricsRegistry()
        let server = EdgeHTTPServer(
            configuration: configuration, responder: ClosureResponder(closure: respond), metrics: metrics,
            accessLog: accessLog, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let address = try await server.start()
        do {
            let result = try await body(TestServer(server: server, address: address, metrics: metrics))
            await server.shutdown()
            return result
        } catch {
            await server.shutdown()
            throw error
        }
    }

    /// Sends all at once and returns what comes until the server ends the connection, as text with `\n` line ends and
    /// the date taken out.
    func exchange(_ request: String) async throws -> String {
        let client = try await connect()
        try await client.send(request)
        return await client.rest()
    }

    /// - Parameter address: the client's own.
    func connect(from address: String = "127.0.0.1") async throws -> RawClient {
        try await RawClient(port: self.address.port, from: address)
    }

    /// The value of a series, by its name and labels as they stand in the exposition.
    func metric(_ series: String) -> String? {
        let lines = String(decoding: metrics.prometheusText(), as: UTF8.self).split(separator: "\n")
        return lines.first { $0.hasPrefix(series + " ") }.map { String($0.dropFirst(series.count + 1)) }
    }
}

private struct ClosureResponder: EdgeResponder {
    let closure: @Sendable (EdgeRequest) -> EdgeOutcome

    func respond(to request: EdgeRequest) -> EdgeOutcome {
        closure(request)
    }
}

/// A TCP connection that knows nothing of HTTP.
final class RawClient: Sendable {
    private let channel: any Channel
    private let inbox: Inbox

    init(port: Int, encrypts: Bool = false, from address: String = "127.0.0.1") async throws {
        let inbox = Inbox()
        self.inbox = inbox
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelOption(.allowRemoteHalfClosure, value: encrypts)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if encrypts { try channel.pipeline.syncOperations.addHandler(Self.encryption()) }
                    try channel.pipeline.syncOperations.addHandler(InboxHandler(inbox))
                }
            }
            .bind(to: SocketAddress(ipAddress: address, port: 0))
            .connect(host: "127.0.0.1", port: port).get()
    }

    private static func encryption() throws -> NIOSSLClientHandler {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        return try NIOSSLClientHandler(context: NIOSSLContext(configuration: tls), serverHostname: nil)
    }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text)).get()
    }

    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    /// As ``readable(_:)`` everything that comes until the server ends the connection, or the test's time is over.
    func rest() async -> String {
        readable(await restBytes())
    }

    /// Sends the last that it sends, and says so at once: the server may learn both together.
    func sendLast(_ text: String) {
        channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
        channel.close(mode: .output, promise: nil)
    }

    func restBytes() async -> [UInt8] {
        await inbox.wait { _, ended in ended }
        return inbox.take()
    }

    func receive(count: Int) async -> [UInt8] {
        await inbox.wait { bytes, ended in ended || bytes.count >= count }
        return inbox.take { min(count, $0.count) }
    }

    /// Everything up to and with `text`.
    func receive(through text: String) async -> String {
        let wanted = Array(text.utf8)
        await inbox.wait { bytes, ended in ended || bytes.firstRange(of: wanted) != nil }
        let bytes = inbox.take { bytes in bytes.firstRange(of: wanted)?.upperBound ?? bytes.count }
        return readable(bytes)
    }

    /// As `receive(through:)` after `stopReading`: takes little more than it must from the socket, however late this task runs.
    func receiveSlowly(through text: String) async -> String {
        let wanted = Array(text.utf8)
        while !inbox.isEnded, case let known = inbox.bytes, known.firstRange(of: wanted) == nil {
            channel.read()
            await inbox.wait { bytes, ended in ended || bytes.count > known.count }
        }
        return await receive(through: text)
    }

    func stopReading() async throws {
        try await channel.setOption(.autoRead, value: false).get()
    }

    func readOn() async throws {
        try await channel.setOption(.autoRead, value: true).get()
    }

    func close() async throws {
        try await channel.close().get()
    }

    var isEnded: Bool { inbox.isEnded }
    /// Whether it ended in an error rather than in order.
    var wasReset: Bool { inbox.wasReset }
}

/// Line ends become `\n`, a lone CR or LF shows, and the date is taken out.
func readable(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self)
        .split(separator: "\r\n" as Character, omittingEmptySubsequences: false)
        .map { $0.hasPrefix("Date: ") && $0.hasSuffix(" GMT") ? "Date: now" : $0 }
        .joined(separator: "\n")
}

private final class Inbox: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var ended = false
        var reset = false
    }

    private let state = Watched(State())

    var bytes: [UInt8] { state.value.bytes }
    var isEnded: Bool { state.value.ended }
    var wasReset: Bool { state.value.reset }

    func noteReset() { state.change { $0.reset = true } }

    func change(_ bytes: [UInt8], ended: Bool) {
        state.change {
            $0.bytes += bytes
            $0.ended = $0.ended || ended
        }
    }

    func wait(_ condition: @escaping @Sendable ([UInt8], Bool) -> Bool) async {
        await state.wait { condition($0.bytes, $0.ended) }
    }

    func take(_ count: ([UInt8]) -> Int = { $0.count }) -> [UInt8] {
        var taken: [UInt8] = []
        state.change {
            taken = Array($0.bytes.prefix(count($0.bytes)))
            $0.bytes.removeFirst(taken.count)
        }
        return taken
    }
}

private final class InboxHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let inbox: Inbox

    init(_ inbox: Inbox) {
        self.inbox = inbox
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        inbox.change(Array(unwrapInboundIn(data).readableBytesView), ended: false)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .inputClosed? = event as? ChannelEvent else { return context.fireUserInboundEventTriggered(event) }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        inbox.change([], ended: true)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        inbox.noteReset()
        context.close(promise: nil)
    }
}

/// Something that happens once, and that tests wait for.
final class Signal: Sendable {
    private let state = Watched(false)

    var isSet: Bool { state.value }

    func set() { state.change { $0 = true } }

    func wait() async { await state.wait { $0 } }
}

/// An object that is of age 0 whenever it is asked for: it is born in an hour.
func photo(
    _ change: (inout ObjectMetadata) -> Void = { _ in }
) -> ObjectMetadata {
    let source = SourceIdentity(storage: "photos", key: "a.jpg")
    var metadata = ObjectMetadata(
        contentType: "image/webp", entityTag: "\"v1\"", lastModified: 784_111_777,
        bornAt: Timestamp.now.microseconds / 1000 + 3_600_000,
        freshness: Freshness(maxAge: 86_400, staleWhileRevalidate: 60), fillRevision: .zero,
        scope: ObjectScope(sources: [source], url: ObjectScope.urlDigest(source: source, query: "", recipe: "")),
        variesByAccept: true
    )
    change(&metadata)
    return metadata
}

func hit(_ text: String, _ change: (inout ObjectMetadata) -> Void = { _ in }) -> EdgeOutcome {
    .now(.object(photo(change), .bytes(ByteBuffer(string: text)), .hit))
}

/// What most tests ask.
func get(_ target: String, _ fields: String..., last: Bool = false) -> String {
    (["GET \(target) HTTP/1.1", "Host: cdn.example"] + fields + (last ? ["Connection: close"] : [])).joined(separator: "\r\n")
        + "\r\n\r\n"
}

extension EdgeHTTPConfiguration {
    /// With deadlines that nobody meets, for tests that are about something else: a busy machine may let them wait for long.
    static var patient: EdgeHTTPConfiguration {
        var configuration = EdgeHTTPConfiguration(nodeName: "edge-1")
        (configuration.idleSeconds, configuration.headSeconds, configuration.stallSeconds) = (3_600, 600, 600)
        return configuration
    }
}

extension EdgeAnswer {
    static func object(_ metadata: ObjectMetadata, _ body: AnswerBody, _ status: CacheStatus) -> EdgeAnswer {
        .object(Representation(metadata, body), status)
    }
}

extension AnswerBody {
    static func bytes(_ buffer: ByteBuffer) -> AnswerBody { .memory(HeldBytes(buffer)) }
}

private final class HeldBytes: BodyBytes {
    private let buffer: ByteBuffer

    init(_ buffer: ByteBuffer) { self.buffer = buffer }

    var count: Int { buffer.readableBytes }

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try buffer.withUnsafeReadableBytes(body)
    }
}
