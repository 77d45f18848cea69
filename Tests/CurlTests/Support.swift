import Curl
import Glibc
import Testing

func sched_yield_now() {
    sched_yield()
}

/// The error that `body` ends in.
func failure<Value>(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws(CurlError) -> Value
) async -> CurlError? {
    do {
        _ = try await body()
        Issue.record("it succeeded", sourceLocation: sourceLocation)
        return nil
    } catch {
        return error
    }
}

/// A port of loopback at which nobody listens.
func closedPort() -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            _ = bind(descriptor, pointer, length)
            _ = getsockname(descriptor, pointer, &length)
        }
    }
    return UInt16(bigEndian: address.sin_port)
}
