internal import Glibc
internal import Synchronization

/// Wakes the writer thread: once when the first line comes, once more when a channel is half full, and not for every line.
final class AccessLogBell: Sendable {
    /// A pair of connected sockets rather than a condition, for poll's time limit.
    private let (waiting, ringing): (CInt, CInt)
    private let rung = Atomic(false)
    private let urgent = Atomic(false)
    private let stopping = Atomic(false)

    init() throws(TelemetryError) {
        var pair: [CInt] = [-1, -1]
        let kind = SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        guard socketpair(AF_UNIX, CInt(kind), 0, &pair) == 0 else {
            throw .system("make a pair of sockets for the access log", errno)
        }
        (waiting, ringing) = (pair[0], pair[1])
    }

    deinit {
        close(waiting)
        close(ringing)
    }

    func ring(urgently: Bool) {
        if !rung.load(ordering: .acquiring), !rung.exchange(true, ordering: .acquiringAndReleasing) { signal() }
        if urgently, !urgent.load(ordering: .relaxed), !urgent.exchange(true, ordering: .relaxed) { signal() }
    }

    func stop() {
        stopping.store(true, ordering: .releasing)
        signal()
    }

    /// Waits for the first line, then for company up to `milliseconds`. Returns false when the log is to end.
    func wait(gathering milliseconds: CInt) -> Bool {
        if !stopping.load(ordering: .acquiring) { waitForSignal(milliseconds: -1) }
        if !stopping.load(ordering: .acquiring), !urgent.load(ordering: .relaxed) {
            waitForSignal(milliseconds: milliseconds)
        }
        urgent.store(false, ordering: .relaxed)
        // Before the channels are drained: a line that comes after its channel's drain rings anew.
        rung.store(false, ordering: .sequentiallyConsistent)
        return !stopping.load(ordering: .acquiring)
    }

    private func signal() {
        var signal: UInt8 = 1
        // A full socket has signals enough.
        _ = write(ringing, &signal, 1)
    }

    private func waitForSignal(milliseconds: CInt) {
        var request = pollfd(fd: waiting, events: Int16(POLLIN), revents: 0)
        _ = poll(&request, 1, milliseconds)
        var signal: UInt8 = 0
        while read(waiting, &signal, 1) > 0 {}
    }
}
