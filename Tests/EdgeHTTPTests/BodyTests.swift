import CacheProtocol
import EdgeHTTP
import Glibc
import NIOCore
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5)))
struct BodyTests {
    /// A file that has no name any more, and notices when nobody needs it.
    final class Pin: Sendable {
        let descriptor: CInt
        let letGo: Signal

        init(_ bytes: [UInt8], letGo: Signal = Signal()) throws {
            var name = Array("/tmp/vignette-edge-XXXXXX".utf8CString)
            descriptor = mkstemp(&name)
            self.letGo = letGo
            try #require(descriptor >= 0)
            unlink(name)
            try #require(write(descriptor, bytes, bytes.count) == bytes.count)
        }

        deinit {
            close(descriptor)
            letGo.set()
        }
    }

    static let megabyte = (0..<1_000_003).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 11) }

    static func body(of answer: [UInt8]) -> [UInt8] {
        answer.firstRange(of: Array("\r\n\r\n".utf8)).map { Array(answer[$0.upperBound...]) } ?? []
    }

    @Test func aRegionOfAFile() async throws {
        let letGo = Signal()
        let pin = Mutex<Pin?>(try Pin(Self.megabyte, letGo: letGo))
        let answer = try await TestServer.run { request in
            guard let pin = pin.withLock({ $0 }) else { return hit("gone") }
            let file = AnswerBody.file(descriptor: pin.descriptor, offset: 1000, length: 900_000, pin: pin)
            return .now(.object(photo(), file, .hit))
        } _: { server in
            let client = try await server.connect()
            try await client.send(get("/a.jpg", last: true))
            let answer = await client.restBytes()
            // A HEAD and a 304 leave the file alone.
            let head = try await server.exchange("HEAD /a.jpg HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            #expect(head.contains("\nContent-Length: 900000\n"))
            #expect(head.hasSuffix("\n\n"))
            return answer
        }
        #expect(Self.body(of: answer) == Array(Self.megabyte[1000..<901_000]))
        pin.withLock { $0 = nil }
        await letGo.wait()
    }

    @Test func oneDescriptorForManyClientsOnTwoLoops() async throws {
        let pin = try Pin(Self.megabyte)
        var configuration = EdgeHTTPConfiguration()
        configuration.loops = 2
        try await TestServer.run(configuration) { _ in
            .now(.object(photo(), .file(descriptor: pin.descriptor, offset: 0, length: 1_000_003, pin: pin), .hit))
        } _: { server in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        let client = try await server.connect()
                        try await client.send(get("/1") + get("/2", last: true))
                        let answers = await client.restBytes()
                        return answers.count > 2_000_006 && answers.suffix(1_000_003).elementsEqual(Self.megabyte)
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
        }
    }

    @Test func aFileThatWasCutShortIsAFault() async throws {
        let pin = try Pin(Array(Self.megabyte.prefix(1000)))
        let answer = try await TestServer.run { _ in
            .now(.object(photo(), .file(descriptor: pin.descriptor, offset: 0, length: 1001, pin: pin), .hit))
        } _: { server in
            try await server.exchange(get("/a.jpg", last: true))
        }
        #expect(answer.hasPrefix("HTTP/1.1 500 Internal Server Error\n"))
        #expect(answer.contains("\nik-error: EFAULT - the cached copy is damaged\n"))
    }

    @Test(arguments: [1, 16_384, 16_385, 200_000, 1_000_003])
    func bytesOfAnySize(count: Int) async throws {
        let bytes = Array(Self.megabyte.prefix(count))
        let answer = try await TestServer.run { _ in
            .now(.object(photo(), .bytes(ByteBuffer(bytes: bytes)), .hit))
        } _: { server in
            let client = try await server.connect()
            try await client.send(get("/1") + get("/2", last: true))
            return await client.restBytes()
        }
        #expect(Self.body(of: answer).prefix(count) == bytes[...])
        #expect(answer.suffix(count) == bytes[...])
    }

    @Test func aClientThatGoesAwayLetsTheFileGo() async throws {
        let letGo = Signal()
        let asked = Signal()
        let pin = Mutex<Pin?>(try Pin(Self.megabyte + Self.megabyte + Self.megabyte + Self.megabyte + Self.megabyte, letGo: letGo))
        try await TestServer.run { _ in
            guard let pin = pin.withLock({ value in
                defer { value = nil }
                return value
            }) else { return hit("gone") }
            asked.set()
            return .now(.object(photo(), .file(descriptor: pin.descriptor, offset: 0, length: 5_000_015, pin: pin), .hit))
        } _: { server in
            let client = try await server.connect()
            try await client.stopReading()
            try await client.send(get("/a.jpg"))
            await asked.wait()
            #expect(!letGo.isSet)
            try await client.close()
            await letGo.wait()
        }
    }
}
