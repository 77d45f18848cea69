internal import Glibc

/// An answer, with the instants that the promise is about: CLOCK_MONOTONIC, nanoseconds.
struct TimedAnswer: Sendable {
    var head: ResponseHead
    var body: [UInt8]
    /// Read before the request's first byte was written: whatever was Completed by then binds the answer.
    var sent: UInt64
    /// Read after the answer's last byte had come.
    var received: UInt64
}

/// One connection that a thread of its own asks one request after the other.
///
/// A proof wants the instants of each request more than it wants throughput, so this blocks, where the load generator's
/// connections share event loops.
final class BlockingClient {
    private let port: Int
    private let host: String
    private let patience: Int
    private var descriptor: CInt = -1
    /// Whether the last request's bytes may have reached anybody.
    private(set) var wasSent = false
    private var reader = ResponseReader()
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)

    /// - Parameter patience: seconds that a read may wait before the request counts as unanswered.
    init(_ endpoint: Endpoint, patience: Int = 30) {
        host = endpoint.address
        port = endpoint.port
        self.patience = patience
    }

    deinit {
        disconnect()
    }

    /// Nil when no whole answer came: refused, reset, cut short, late. The next call connects anew.
    func get(_ target: String) -> TimedAnswer? {
        exchange("GET \(target) HTTP/1.1\r\nHost: \(host):\(port)\r\n\r\n", body: [])
    }

    /// `fields` are lines that each end in CR LF.
    func exchange(_ method: String, _ target: String, fields: String, body: [UInt8] = []) -> TimedAnswer? {
        exchange(
            "\(method) \(target) HTTP/1.1\r\nHost: \(host):\(port)\r\n\(fields)Content-Length: \(body.count)\r\n\r\n",
            body: body)
    }

    func disconnect() {
        if descriptor >= 0 { close(descriptor) }
        descriptor = -1
    }

    private func exchange(_ head: String, body: [UInt8]) -> TimedAnswer? {
        wasSent = false
        guard connectIfNeeded() else { return nil }
        wasSent = true
        let sent = monotonicNow()
        guard send(Array(head.utf8) + body), let (head, body) = receive() else {
            disconnect()
            return nil
        }
        let received = monotonicNow()
        if !head.keepsAlive { disconnect() }
        return TimedAnswer(head: head, body: body, sent: sent, received: received)
    }

    private func connectIfNeeded() -> Bool {
        guard descriptor < 0 else { return true }
        descriptor = TCPSocket.connect(host: host, port: port, seconds: patience)
        return descriptor >= 0
    }

    private func send(_ bytes: [UInt8]) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                // The pointer is inside the array, and the array lives as long as the closure.
                Glibc.send(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    private func receive() -> (ResponseHead, [UInt8])? {
        reader.reset()
        var bytes: [UInt8] = []
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer[..<count]
            switch reader.consume(buffer.span.extracting(0..<count)) {
            case .incomplete: continue
            case .complete(excess: 0) where !reader.head.isChunked: return (reader.head, bytes.suffix(reader.bodyBytes))
            case .complete, .malformed: return nil
            }
        }
    }
}

enum TCPSocket {
    /// A connected TCP socket whose reads and writes give up after `seconds`; negative when nobody listens.
    static func connect(host: String, port: Int, seconds: Int) -> CInt {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return -1 }
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var one: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<CInt>.size))
        guard withAddress(host: host, port: port, { Glibc.connect(descriptor, $0, $1) == 0 }) else {
            close(descriptor)
            return -1
        }
        return descriptor
    }

    /// A listening socket; port 0 takes a free one. Negative when the port is taken.
    static func listen(host: String = "127.0.0.1", port: Int) -> CInt {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return -1 }
        var one: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<CInt>.size))
        guard withAddress(host: host, port: port, { bind(descriptor, $0, $1) == 0 }), Glibc.listen(descriptor, 512) == 0
        else {
            close(descriptor)
            return -1
        }
        return descriptor
    }

    static func port(of descriptor: CInt) -> Int {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static func withAddress(
        host: String, port: Int, _ use: (UnsafePointer<sockaddr>, socklen_t) -> Bool
    ) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return false }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { use($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}
