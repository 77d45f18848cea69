internal import NIOCore
internal import NIOHTTP2

/// NIO's handler of frames, as this server wants it.
enum HTTP2Framing {
    /// Streams of a connection that may be open at once: more than browsers open, and a bound on what one client can ask for.
    static let streams = 128

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

/// Tells whether the framing has answered a mistake by ending a stream, or the connection: its errors don't say.
final class WrittenFrames: NIOHTTP2FrameDelegate {
    private var hasReset = false

    func wroteFrame(_ frame: HTTP2Frame) {
        if case .rstStream = frame.payload { hasReset = true }
    }

    func takeReset() -> Bool {
        defer { hasReset = false }
        return hasReset
    }
}
