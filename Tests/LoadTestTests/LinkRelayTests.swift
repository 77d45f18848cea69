import Glibc
@testable import LoadGenerator
import Testing

@Suite struct LinkRelayTests {
    private let listener = TCPSocket.listen(port: 0)

    /// A relay to `listener`, and both ends of one connection through it.
    private func connected() throws -> (relay: LinkRelay, near: CInt, far: CInt) {
        let free = TCPSocket.listen(port: 0)
        let port = TCPSocket.port(of: free)
        close(free)
        let relay = try LinkRelay(port: port, target: TCPSocket.port(of: listener))
        let near = TCPSocket.connect(host: "127.0.0.1", port: port, seconds: 30)
        return (relay, near, accept(listener, nil, nil))
    }

    private func say(_ text: String, on descriptor: CInt) { _ = send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) }

    /// Nil when the connection has ended.
    private func hear(on descriptor: CInt) -> String? {
        var buffer = [UInt8](repeating: 0, count: 100)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }

    @Test func passesBytesBothWays() throws {
        let (relay, near, far) = try connected()
        say("to the origin", on: near)
        #expect(hear(on: far) == "to the origin")
        say("and back", on: far)
        #expect(hear(on: near) == "and back")
        relay.stop()
        close(near)
        close(far)
        close(listener)
    }

    @Test func aCutEndsWhatIsOpen() throws {
        let (relay, near, far) = try connected()
        say("before", on: near)
        #expect(hear(on: far) == "before")
        relay.set(.cut)
        #expect(hear(on: near) == nil)
        #expect(hear(on: far) == nil)
        relay.stop()
        close(near)
        close(far)
        close(listener)
    }

    @Test func swallowedAnswersNeverArrive() throws {
        let (relay, near, far) = try connected()
        say("a", on: near)
        #expect(hear(on: far) == "a")
        relay.set(.swallowAnswers)
        say("question", on: near)
        #expect(hear(on: far) == "question")
        say("answer", on: far)
        // The connection lost bytes, so the end of the fault is its end.
        relay.set(.clear)
        #expect(hear(on: near) == nil)
        relay.stop()
        close(near)
        close(far)
        close(listener)
    }
}
