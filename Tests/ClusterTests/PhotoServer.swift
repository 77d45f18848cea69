import Foundation
import Glibc
import Synchronization

/// A web server with photos that counts what it is asked: what stands behind a cluster in the tests.
final class PhotoServer: Sendable {
    let url: String
    private let listener: CInt
    private let files = Mutex<[String: File]>([:])
    private let counts = Mutex<[String: Int]>([:])
    private let hold = Hold()
    private let isStopped = Atomic<Bool>(false)

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

    /// Answers nobody any more, on connections that are open neither.
    func stop() {
        guard !isStopped.exchange(true, ordering: .acquiringAndReleasing) else { return }
        Glibc.shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private struct File {
        var bytes: [UInt8]
        /// `Name: value` lines.
        var headers: [String]
    }

    /// Sets or takes away what lies under `/name`.
    /// - Parameter headers: `Name: value`, sent with it.
    func put(_ name: String, _ bytes: [UInt8]?, headers: [String] = []) {
        files.withLock { $0["/" + name] = bytes.map { File(bytes: $0, headers: headers) } }
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
                let file = files.withLock { $0[path] }
                hold.wait(path)
                guard !isStopped.load(ordering: .acquiring) else { return }
                guard answer(file, on: connection) else { return }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            pending += buffer[..<count]
        }
    }

    private func answer(_ file: File?, on connection: CInt) -> Bool {
        let bytes = file?.bytes ?? Array("missing".utf8)
        let lines = [file == nil ? "HTTP/1.1 404 Not Found" : "HTTP/1.1 200 OK", "Content-Length: \(bytes.count)"]
        let head = (lines + (file?.headers ?? [])).joined(separator: "\r\n") + "\r\n\r\n"
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
