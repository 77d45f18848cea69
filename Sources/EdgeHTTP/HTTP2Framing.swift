internal import NIOCore
internal import NIOHTTP2

/// NIO's handler of frames, as this server wants it.
enum HTTP2Framing {
    /// Streams of a connection that may be open at once: more than browsers open, and a bound on what one client can ask for.
    static let streams = 128
    /// In front of every frame (RFC 9113 §4.1).
    static let headBytes = 9

    static func handler(_ configuration: EdgeHTTPConfiguration, _ written: WrittenFrames) -> NIOHTTP2Handler {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: streams),
            HTTP2Setting(parameter: .maxHeaderListSize, value: configuration.maximumHeadBytes),
        ]
        // HTTP2Request holds requests to more than these would, and costs less.
        connection.headerBlockValidation = .disabled
        connection.contentLengthValidation = .disabled
        // Some clients send several of these for each stream.
        connection.controlFrameRateLimit.maximumCount = 2_000
        var stream = NIOHTTP2Handler.StreamConfiguration()
        // A page that is left cancels all of its images at once.
        stream.streamResetFrameRateLimit.maximumCount = 1_000
        return NIOHTTP2Handler(
            mode: .server, frameDelegate: written, connectionConfiguration: connection, streamConfiguration: stream)
    }
}

/// What has left the framing. It holds back what it was given: until a flush, while the channel is full; and drops it with a
/// stream that is reset.
final class WrittenFrames: NIOHTTP2FrameDelegate {
    /// Of bodies.
    private(set) var bytes = 0
    /// Whether a mistake of the client's has cost it the connection. The framing's errors don't tell that from the end of a
    /// stream, but its `GOAWAY` does.
    private(set) var hasFailed = false

    func wroteFrame(_ frame: HTTP2Frame) {
        switch frame.payload {
        case .data(let data): bytes += data.data.readableBytes
        case .goAway(_, let code, _): hasFailed = hasFailed || code != .noError
        default: break
        }
    }
}
