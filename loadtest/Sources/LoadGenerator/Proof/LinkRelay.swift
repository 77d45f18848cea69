internal import Foundation
internal import Glibc
internal import Synchronization

/// A TCP relay between an edge and the origin that can be told to misbehave as networks do.
///
/// Bytes are passed in order or not at all: TCP above it, the cut below it. What a relay swallowed is gone, so when it
/// recovers, the connections that it had swallowed bytes of are reset.
final class LinkRelay: Sendable {
    enum Weather: Sendable, Equatable {
        case clear
        /// Open connections are reset, new ones refused.
        case cut
        /// Everything is taken and nothing arrives, as behind a firewall that drops.
        case swallow
        /// What the edge says arrives; what the origin says does not. Its grants are given and never received.
        case swallowAnswers
        /// Each piece arrives so many milliseconds late.
        case delay(UInt32)
    }

    private struct State {
        var weather = Weather.clear
        var open: Set<CInt> = []
        var isOver = false
    }

    private let listener: CInt
    private let target: Int
    private let targetHost: String
    private let state = Mutex(State())

    /// - Throws: when the port is taken.
    init(host: String = "127.0.0.1", port: Int, target: Int, targetHost: String = "127.0.0.1") throws {
        self.target = target
        self.targetHost = targetHost
        listener = TCPSocket.listen(host: host, port: port)
        guard listener >= 0 else { throw LoadTestError(.cluster, "\(host):\(port), which a relay needs, is taken") }
        Thread.detachNewThread { [self] in acceptAll() }
    }

    /// Ends the relay and its connections.
    func stop() {
        state.withLock {
            $0.isOver = true
            for descriptor in $0.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    func set(_ weather: Weather) {
        state.withLock {
            let before = $0.weather
            $0.weather = weather
            // A connection that lost bytes can't go on, and one that is cut must not.
            if weather == .cut || before == .swallow || before == .swallowAnswers {
                for descriptor in $0.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
            }
        }
    }

    private func acceptAll() {
        while true {
            let near = accept(listener, nil, nil)
            guard near >= 0 else { break }
            let isCut = state.withLock { $0.weather == .cut || $0.isOver }
            let far = isCut ? -1 : TCPSocket.connect(host: targetHost, port: target, seconds: 120)
            guard far >= 0 else {
                close(near)
                continue
            }
            var one: CInt = 1
            setsockopt(near, CInt(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<CInt>.size))
            state.withLock {
                $0.open.formUnion([near, far])
                if $0.weather == .cut { shutdown(near, Int32(SHUT_RDWR)) }
            }
            let pair = Pair(near: near, far: far)
            Thread.detachNewThread { [self] in pass(pair, fromOrigin: false) }
            Thread.detachNewThread { [self] in pass(pair, fromOrigin: true) }
        }
        close(listener)
    }

    /// Two descriptors that two threads use; the one that ends last closes them.
    private final class Pair: Sendable {
        let near: CInt
        let far: CInt
        let ended = Atomic<Int>(0)

        init(near: CInt, far: CInt) {
            self.near = near
            self.far = far
        }
    }

    private func pass(_ pair: Pair, fromOrigin: Bool) {
        let (from, to) = fromOrigin ? (pair.far, pair.near) : (pair.near, pair.far)
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        reading: while true {
            let count = recv(from, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            switch state.withLock({ $0.weather }) {
            case .clear: break
            case .cut: break reading
            case .swallow: continue reading
            case .swallowAnswers: if fromOrigin { continue reading }
            case .delay(let milliseconds): usleep(milliseconds * 1_000)
            }
            var done = 0
            while done < count {
                let sent = send(to, Array(buffer[done..<count]), count - done, Int32(MSG_NOSIGNAL))
                guard sent > 0 else { break reading }
                done += sent
            }
        }
        shutdown(pair.near, Int32(SHUT_RDWR))
        shutdown(pair.far, Int32(SHUT_RDWR))
        guard pair.ended.add(1, ordering: .acquiringAndReleasing).newValue == 2 else { return }
        state.withLock {
            $0.open.subtract([pair.near, pair.far])
            // Under the lock: a descriptor that is closed may be another's a moment later, and `set` shuts down what is open.
            close(pair.near)
            close(pair.far)
        }
    }
}
