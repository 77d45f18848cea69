import Foundation
import Glibc
import Synchronization

/// A web server with photos that counts what it is asked: what stands behind a cluster in the tests.
final class PhotoServer: Sendable {
    let url: String
    private let listener: CInt
    private let files = Mutex<[String: [UInt8]]>([:])
    private let counts = Mutex<[String: Int]>([:])
    private let hold = Hold()

    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 128) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard bound else { throw ClusterFailure("the photo server can't listen") }
        url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                Thread.detachNewThread { [self] in
                    serve(connection)
                    close(connection)
                }
            }
        }
    }

    func stop() {
        Glibc.shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// Sets or takes away what lies under `/name`.
    func put(_ name: String, _ bytes: [UInt8]?) {
        files.withLock { $0["/" + name] = bytes }
    }

    func reads(of name: String) -> Int {
        counts.withLock { $0["/" + name] ?? 0 }
    }

    /// Requests for `name` that come while it is held are decided at once and answered when it is let go.
    func hold(_ name: String) {
        hold.begin("/" + name)
    }

    func letGo(_ name: String) {
        hold.end("/" + name)
    }

    private func serve(_ connection: CInt) {
        var pending: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 8192)
        while true {
            while let end = String(decoding: pending, as: UTF8.self).range(of: "\r\n\r\n") {
                let text = String(decoding: pending, as: UTF8.self)
                let path = String(text.split(separator: " ")[1].prefix { $0 != "?" })
                pending = Array(text[end.upperBound...].utf8)
                counts.withLock { $0[path, default: 0] += 1 }
                let body = files.withLock { $0[path] }
                hold.wait(path)
                guard answer(body, on: connection) else { return }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            pending += buffer[..<count]
        }
    }

    private func answer(_ body: [UInt8]?, on connection: CInt) -> Bool {
        let bytes = body ?? Array("missing".utf8)
        let head = "HTTP/1.1 \(body == nil ? "404 Not Found" : "200 OK")\r\nContent-Length: \(bytes.count)\r\n\r\n"
        let all = Array(head.utf8) + bytes
        var sent = 0
        while sent < all.count {
            let count = all.withUnsafeBytes {
                send(connection, $0.baseAddress! + sent, all.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}

/// Paths whose answers wait.
private final class Hold: @unchecked Sendable {
    private let condition = NSCondition()
    // Read and changed with the condition's lock held only, which is what makes the class Sendable.
    private var paths: Set<String> = []

    func begin(_ path: String) {
        condition.withLock { _ = paths.insert(path) }
    }

    func end(_ path: String) {
        condition.withLock {
            paths.remove(path)
            condition.broadcast()
        }
    }

    func wait(_ path: String) {
        condition.withLock { while paths.contains(path) { condition.wait() } }
    }
}
