internal import Glibc

/// Keep-alive connections that have asked once and now wait.
final class IdleConnections {
    private var descriptors: [CInt] = []

    deinit {
        close()
    }

    /// Opens `count` of them, one after the other, and takes the answer to one request on each.
    init(_ count: Int, to endpoint: Endpoint, target: String, size: Int, stop: RunStop) throws {
        try Self.allowDescriptors(count + 1_000)
        let request = Array("GET \(target) HTTP/1.1\r\nHost: \(endpoint.authority)\r\n\r\n".utf8)
        descriptors.reserveCapacity(count)
        for number in 1...count {
            if number.isMultiple(of: 256) { try stop.check() }
            let descriptor = TCPSocket.connect(host: endpoint.address, port: endpoint.port, seconds: 30)
            guard descriptor >= 0 else {
                throw LoadTestError(.noAnswer, "connection \(number) to \(endpoint.url) was refused")
            }
            descriptors.append(descriptor)
            guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count,
                Self.takesAnswer(descriptor, size: size)
            else {
                throw LoadTestError(
                    .noAnswer, "the request on connection \(number) to \(endpoint.url) was not answered")
            }
        }
    }

    /// Those that the server has not closed.
    var stillOpen: Int {
        var byte: UInt8 = 0
        return descriptors.count { recv($0, &byte, 1, Int32(MSG_DONTWAIT)) < 0 && errno == EAGAIN }
    }

    func close() {
        for descriptor in descriptors { Glibc.close(descriptor) }
        descriptors = []
    }

    private static func takesAnswer(_ descriptor: CInt, size: Int) -> Bool {
        var reader = ResponseReader()
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return false }
            switch reader.consume(buffer.span.extracting(0..<count)) {
            case .incomplete: continue
            case .complete: return reader.head.status == 200 && reader.bodyBytes == size && reader.head.keepsAlive
            case .malformed: return false
            }
        }
    }

    /// Lets this process have so many descriptors.
    static func allowDescriptors(_ count: Int) throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        guard limit.rlim_cur < count else { return }
        limit.rlim_cur = rlim_t(count)
        limit.rlim_max = max(limit.rlim_max, limit.rlim_cur)
        guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            throw LoadTestError(
                .machine, "this process may not open \(Format.count(count)) files; raise the limit (ulimit -n)")
        }
    }
}
