import Dispatch
import Glibc

/// One request as it is written, byte for byte: an HTTP client would take dot segments and odd bytes out of a target.
enum RawRequest {
    /// - Returns: the status of the answer; nil when the connection was closed without one.
    static func status(of target: String, host: String, port: UInt16, headers: [String] = []) async -> Int? {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(returning: blockingStatus(of: target, host: host, port: port, headers: headers))
            }
        }
    }

    private static func blockingStatus(of target: String, host: String, port: UInt16, headers: [String]) -> Int? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr(host)
        let isConnected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { return nil }
        let lines = ["GET \(target) HTTP/1.1", "Host: \(host):\(port)", "Connection: close"] + headers
        let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return nil }
        var head: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while head.count < 12 {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            head += buffer[..<count]
        }
        return Int(String(decoding: head[9..<12], as: UTF8.self))
    }
}
