import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A server on loopback whose answers the request's path decides:
///
///     /status/N          N with a short text body
///     /image             200, image/jpeg, 1,000 bytes, a Cache-Status hit
///     /miss /stale /detail   as /image, with another Cache-Status
///     /chunked           200, image/png, 1,000 bytes in two chunks
///     /text /empty       200, text/plain; 200, image/png with an empty body
///     /short             an image whose connection closes after half of its body
///     /reset             the connection is reset without an answer
///     /silent            never answered
///     /garbage           something that isn't HTTP
///     /close             as /image, and the connection closes after it
///     /delay/MS          as /image, MS milliseconds later
final class TestServer: Sendable {
    let port: Int
    private let channel: any Channel
    private let counter: RequestCounter

    /// Requests received, by target.
    var requests: [String: Int] { counter.byTarget.withLock { $0 } }

    /// `stall`: when request number `stall.at` (from 0) comes, nothing is answered for `stall.milliseconds`.
    init(stall: (at: Int, milliseconds: Int64)? = nil) async throws {
        let counter = RequestCounter(stallAt: stall?.at, stallMilliseconds: stall?.milliseconds ?? 0)
        self.counter = counter
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(RawDoor())
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Answerer(counter))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    func close() async throws {
        try await channel.close()
    }
}

private final class RequestCounter: Sendable {
    let stallAt: Int?
    let stallMilliseconds: Int64
    let byTarget = Mutex<[String: Int]>([:])
    private let state = Mutex<(received: Int, stalledUntil: NIODeadline)>((0, .uptimeNanoseconds(0)))

    init(stallAt: Int?, stallMilliseconds: Int64) {
        self.stallAt = stallAt
        self.stallMilliseconds = stallMilliseconds
    }

    /// When the request may be answered.
    func receive(_ target: String) -> NIODeadline {
        byTarget.withLock { $0[target, default: 0] += 1 }
        return state.withLock { state in
            if state.received == stallAt { state.stalledUntil = .now() + .milliseconds(stallMilliseconds) }
            state.received += 1
            return state.stalledUntil
        }
    }
}

private final class Answerer: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let counter: RequestCounter
    private var target = ""

    init(_ counter: RequestCounter) {
        self.counter = counter
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): target = head.uri
        case .body: break
        case .end:
            var due = counter.receive(target)
            let words = target.split(separator: "/")
            if words.first == "delay", let milliseconds = words.last.flatMap({ Int64($0) }) {
                due = max(due, .now() + .milliseconds(milliseconds))
            }
            let target = target
            context.eventLoop.assumeIsolated().scheduleTask(deadline: due) { self.answer(target, context) }
        }
    }

    private func answer(_ target: String, _ context: ChannelHandlerContext) {
        let words = target.split(separator: "/")
        switch words.first {
        case "status":
            let status = words.last.flatMap { Int($0) } ?? 500
            write(context, HTTPResponseStatus(statusCode: status), ["Content-Type": "text/plain", "Content-Length": "4"], "text")
        case "miss": image(context, "\"edge\"; fwd=uri-miss; stored; collapsed")
        case "stale": image(context, "edge; hit; ttl=-5")
        case "detail": image(context, "origin; hit, edge; fwd=bypass; detail=\"NO, lease\"")
        case "chunked":
            write(context, .ok, ["Content-Type": "image/png", "Transfer-Encoding": "chunked"], String(repeating: "x", count: 1_000))
        case "text": write(context, .ok, ["Content-Type": "text/plain", "Content-Length": "4"], "text")
        case "empty": write(context, .ok, ["Content-Type": "image/png", "Content-Length": "0"], "")
        case "short":
            raw(context, "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 1000\r\n\r\n" + String(repeating: "x", count: 500))
            context.close(promise: nil)
        case "reset":
            // A close with linger 0 sends RST instead of FIN.
            if let channel = context.channel as? any SocketOptionProvider {
                channel.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated().whenComplete { _ in context.close(promise: nil) }
            }
        case "silent": break
        case "garbage": raw(context, "SMTP 220 hello\r\n\r\n")
        case "close":
            image(context, "edge; hit", close: true)
            context.close(promise: nil)
        default: image(context, "edge; hit; ttl=60")
        }
    }

    private func image(_ context: ChannelHandlerContext, _ cacheStatus: String, close: Bool = false) {
        var headers: HTTPHeaders = ["Content-Type": "image/jpeg", "Content-Length": "1000", "Cache-Status": cacheStatus]
        if close { headers.add(name: "Connection", value: "close") }
        write(context, .ok, headers, String(repeating: "x", count: 1_000))
    }

    private func write(_ context: ChannelHandlerContext, _ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ body: String) {
        context.write(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))), promise: nil)
        for half in [body.prefix(body.count / 2), body.dropFirst(body.count / 2)] where !half.isEmpty {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: String(half))))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    private func raw(_ context: ChannelHandlerContext, _ text: String) {
        do {
            try context.pipeline.syncOperations.handler(type: RawDoor.self).send(text)
        } catch {
            context.fireErrorCaught(error)
        }
    }
}

/// Writes past the HTTP encoder, for what an encoder would not let through.
private final class RawDoor: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func send(_ text: String) {
        context?.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }
}
