internal import Glibc
internal import Synchronization

/// One connection of a ``ScriptedServer``.
public final class ScriptedConnection: Sendable {
    private let descriptor: Int32
    private let isOver = Atomic<Bool>(false)

    init(owned descriptor: Int32) {
        self.descriptor = descriptor
    }

    public func send(_ text: String) {
        send(Array(text.utf8))
    }

    public func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { pointer in
                Glibc.send(descriptor, pointer.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return close() }
            sent += count
        }
    }

    /// A whole answer, its length stated truly.
    public func answer(_ status: Int = 200, _ body: [UInt8] = [], headers: [String] = []) {
        let lines = ["HTTP/1.1 \(status) Scripted", "Content-Length: \(body.count)"] + headers
        send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
    }

    public func answer(_ status: Int = 200, _ body: String, headers: [String] = []) {
        answer(status, Array(body.utf8), headers: headers)
    }

    /// Whether neither side has ended it, as far as sending has shown.
    public var isOpen: Bool { !isOver.load(ordering: .relaxed) }

    /// Ends the connection in good order.
    public func close() {
        isOver.store(true, ordering: .relaxed)
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Ends the connection with a TCP reset, once the script returns.
    public func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        isOver.store(true, ordering: .relaxed)
    }

    /// Says nothing until the client, or the server's end, closes the connection.
    public func stall() {
        var byte: UInt8 = 0
        while recv(descriptor, &byte, 1, 0) > 0 {}
        close()
    }

    func interrupt() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    func free() {
        Glibc.close(descriptor)
    }

    /// `nil` once the connection is over.
    func readRequest() -> ScriptedRequest? {
        guard !isOver.load(ordering: .relaxed) else { return nil }
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            var byte: UInt8 = 0
            guard head.count < 1 << 20, recv(descriptor, &byte, 1, 0) == 1 else { return nil }
            head.append(byte)
        }
        let lines = String(decoding: head.dropLast(4), as: UTF8.self).split(separator: "\r\n")
        let first = lines[0].split(separator: " ")
        guard first.count == 3 else { return nil }
        let headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (name: String(parts[0]), value: parts.count == 2 ? String(parts[1].drop { $0 == " " }) : "")
        }
        let length = headers.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) } ?? 0
        var body: [UInt8] = []
        while body.count < length {
            var chunk = [UInt8](repeating: 0, count: min(length - body.count, 65536))
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            body += chunk.prefix(count)
        }
        return ScriptedRequest(method: String(first[0]), target: String(first[1]), headers: headers, body: body)
    }
}
