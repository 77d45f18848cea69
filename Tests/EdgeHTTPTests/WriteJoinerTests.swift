import NIOCore
import NIOEmbedded
import Testing

@testable import EdgeHTTP

struct WriteJoinerTests {
    private static let recordBytes = 16 * 1024

    /// Frames as the framing writes them, head and body apart, flushed now and then.
    @Test func whatComesOutIsWhatWentInInWholeRecords() throws {
        var generator = seededGenerator()
        let channel = EmbeddedChannel(handler: WriteJoiner(nil))
        var (written, left): ([UInt8], [UInt8]) = ([], [])
        for _ in 0..<2_000 {
            let head = bytes(HTTP2Framing.headBytes, &generator)
            let body = bytes([0, 20, 300, 2_000, 9_000, 16_375, 16_384, 40_000].randomElement(using: &generator)!, &generator)
            written += head + body
            channel.write(ByteBuffer(bytes: head), promise: nil)
            if !body.isEmpty { channel.write(Self.buffer(body, .random(in: 0..<3, using: &generator)), promise: nil) }
            if Int.random(in: 0..<8, using: &generator) == 0 { channel.flush() }
            while let record = try channel.readOutbound(as: ByteBuffer.self) {
                #expect(record.readableBytes <= Self.recordBytes)
                left += record.readableBytesView
            }
        }
        channel.flush()
        while let record = try channel.readOutbound(as: ByteBuffer.self) { left += record.readableBytesView }
        #expect(left == written)
    }

    @Test func aFrameOfALongBodyIsOneRecordAndIsNotCopied() throws {
        let channel = EmbeddedChannel(handler: WriteJoiner(nil))
        let body = [UInt8](repeating: 7, count: Self.recordBytes - HTTP2Framing.headBytes)
        let buffer = body.withUnsafeBytes { ByteBuffer($0, room: HTTP2Framing.headBytes) }
        let place = buffer.withUnsafeReadableBytes { $0.baseAddress }
        channel.write(ByteBuffer(string: "headers of the answer"), promise: nil)
        channel.write(ByteBuffer(string: "nine byte"), promise: nil)
        channel.write(buffer, promise: nil)
        channel.flush()
        #expect(try channel.readOutbound(as: ByteBuffer.self) == ByteBuffer(string: "headers of the answer"))
        let record = try #require(try channel.readOutbound(as: ByteBuffer.self))
        #expect(record.readableBytes == Self.recordBytes)
        #expect(record.getString(at: record.readerIndex, length: 9) == "nine byte")
        #expect(record.withUnsafeReadableBytes { $0.baseAddress?.advanced(by: 9) } == place)
        #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
    }

    /// What lies in front of a buffer that was read from may be on its way still.
    @Test func onlyRoomThatWasLeftIsWrittenTo() {
        let channel = EmbeddedChannel(handler: WriteJoiner(nil))
        var rest = ByteBuffer(repeating: 1, count: 9_009)
        let first = rest.readSlice(length: 10)
        channel.write(ByteBuffer(string: "nine byte"), promise: nil)
        channel.write(rest, promise: nil)
        channel.flush()
        #expect(first == ByteBuffer(repeating: 1, count: 10))
    }

    private func bytes(_ count: Int, _ generator: inout some RandomNumberGenerator) -> [UInt8] {
        let first = UInt8.random(in: 0 ... .max, using: &generator)
        return (0..<count).map { first &+ UInt8(truncatingIfNeeded: $0 &* 31) }
    }

    /// With room, without, or as a part of more.
    private static func buffer(_ bytes: [UInt8], _ kind: Int) -> ByteBuffer {
        switch kind {
        case 0: bytes.withUnsafeBytes { ByteBuffer($0, room: HTTP2Framing.headBytes) }
        case 1: ByteBuffer(bytes: bytes)
        default: readFrom(bytes)
        }
    }

    private static func readFrom(_ bytes: [UInt8]) -> ByteBuffer {
        var buffer = ByteBuffer(repeating: 0xAA, count: 100)
        buffer.writeBytes(bytes)
        buffer.moveReaderIndex(forwardBy: 100)
        return buffer
    }
}
