internal import Synchronization

/// One event loop's way into the ``AccessLog``. Recording formats the line into memory and never waits for the disk; any
/// thread may record, but only a channel of one's own is free of contention.
public final class AccessChannel: Sendable {
    struct Buffer: ~Copyable {
        var line: Logfmt
        var clock = TimestampWriter()
    }

    private let buffer: Mutex<Buffer>
    private let prefix: String
    private let limits: AccessLogConfiguration
    private let dropped: Counter
    private let bell: AccessLogBell

    init(configuration: AccessLogConfiguration, dropped: Counter, bell: AccessLogBell) {
        limits = configuration
        self.dropped = dropped
        self.bell = bell
        // Room for the line that crosses the limit.
        buffer = Mutex(Buffer(line: Logfmt(reserving: configuration.channelBytes + 4096)))
        var node = Logfmt()
        node.raw(" log=access node=")
        node.value(configuration.node)
        prefix = String(decoding: node.bytes, as: UTF8.self)
    }

    /// Whether lines go anywhere.
    public var isOn: Bool { limits.destination != .off }

    public func record(_ line: AccessLine, client: String, target: String) {
        var client = client
        var target = target
        client.withUTF8 { client in
            target.withUTF8 { target in
                record(line, client: UnsafeRawBufferPointer(client), target: UnsafeRawBufferPointer(target))
            }
        }
    }

    /// - Parameters:
    ///   - client: The peer's address as text.
    ///   - target: The raw request target, as it was sent.
    public func record(_ line: AccessLine, client: UnsafeRawBufferPointer, target: UnsafeRawBufferPointer) {
        guard limits.destination != .off else { return }
        let held = buffer.withLock { buffer -> Int? in
            guard buffer.line.bytes.count < limits.channelBytes else { return nil }
            buffer.line.raw("time=")
            buffer.clock.write(line.time, to: &buffer.line)
            buffer.line.raw(prefix)
            write(line, client: client, target: target, to: &buffer.line)
            return buffer.line.bytes.count
        }
        guard let held else { return dropped.increment() }
        bell.ring(urgently: held > limits.channelBytes / 2)
    }

    private func write(
        _ line: AccessLine, client: UnsafeRawBufferPointer, target: UnsafeRawBufferPointer, to text: inout Logfmt
    ) {
        text.raw(" client=")
        text.value(client, limit: 64)
        text.raw(" method=")
        text.value(line.method)
        text.raw(" target=")
        text.value(target, limit: limits.targetBytes)
        text.raw(" status=")
        text.number(UInt64(line.status))
        text.raw(" bytes=")
        text.number(line.bytes)
        text.raw(" duration_us=")
        text.number(line.durationMicroseconds)
        if let cache = line.cache {
            text.raw(" cache=")
            text.raw(cache.label)
        }
        if let reason = line.reason {
            text.raw(" reason=")
            text.value(reason)
        }
        if let error = line.error {
            text.raw(" error=")
            text.value(error)
        }
        text.endLine()
    }

    /// Takes what is held; `spare` becomes the channel's next buffer.
    func drain(into spare: inout [UInt8]) {
        buffer.withLock { $0.line.swap(with: &spare) }
    }
}
