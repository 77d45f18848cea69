internal import Glibc
internal import Synchronization

/// A web server on loopback whose every byte a test decides: it can be slow, lie and break off. A thread per connection.
public final class ScriptedServer: Sendable {
    /// Answers one request. The connection stays open for the next one unless it was closed or reset.
    public typealias Script = @Sendable (ScriptedRequest, ScriptedConnection) -> Void

    public let port: UInt16

    private struct State {
        var requests: [ScriptedRequest] = []
        var connections: [Int32: ScriptedConnection] = [:]
        var accepted = 0
        var isStopped = false
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
        let script: Script

        init(script: @escaping Script) {
            self.script = script
        }
    }

    private let shared: Shared
    private let listener: Int32

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    public init(_ script: @escaping Script) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 && listen(listener, 1024) == 0
                    && getsockname(listener, pointer, &length) == 0
            }
        }
        guard listener >= 0, status else { throw Failure(description: "no listener on loopback: errno \(errno)") }
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        let shared = Shared(script: script)
        self.shared = shared
        Self.startThread { Self.accept(listener, shared) }
    }

    deinit {
        let connections = shared.state.withLock { state in
            state.isStopped = true
            return Array(state.connections.values)
        }
        shutdown(listener, Int32(SHUT_RDWR))
        for connection in connections {
            connection.interrupt()
        }
    }

    /// `http://127.0.0.1:PORT`.
    public var url: String { "http://127.0.0.1:\(port)" }

    /// What has been asked so far, in order of arrival.
    public var requests: [ScriptedRequest] { shared.state.withLock { $0.requests } }

    /// How many connections were ever accepted.
    public var acceptedConnections: Int { shared.state.withLock { $0.accepted } }

    private static func accept(_ listener: Int32, _ shared: Shared) {
        while true {
            let descriptor = Glibc.accept(listener, nil, nil)
            if descriptor < 0, errno == EINTR || errno == ECONNABORTED { continue }
            guard descriptor >= 0 else { break }
            let connection = ScriptedConnection(owned: descriptor)
            let isStopped = shared.state.withLock { state in
                state.accepted += 1
                state.connections[descriptor] = connection
                return state.isStopped
            }
            guard !isStopped else { break }
            startThread {
                while let request = connection.readRequest() {
                    shared.state.withLock { $0.requests.append(request) }
                    shared.script(request, connection)
                }
                shared.state.withLock { state in
                    state.connections[descriptor] = nil
                    connection.free()
                }
            }
        }
        close(listener)
    }

    private static func startThread(_ body: @escaping @Sendable () -> Void) {
        final class Start {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(body)).toOpaque()
        pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, start)
        pthread_detach(thread)
    }
}

/// A request as it arrived.
public struct ScriptedRequest: Sendable {
    public let method: String
    /// Path and query, as sent.
    public let target: String
    public let headers: [(name: String, value: String)]
    public let body: [UInt8]

    /// The value of the first header of this lower-case name.
    public subscript(name: String) -> String? {
        headers.first { $0.name.lowercased() == name }?.value
    }
}
