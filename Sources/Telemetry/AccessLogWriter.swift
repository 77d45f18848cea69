internal import Glibc
internal import Synchronization

/// The writer thread's side of the ``AccessLog``.
final class AccessLogWriter: Sendable {
    let channels = Mutex<[AccessChannel]>([])
    let bell: AccessLogBell
    let dropped: Counter
    private let descriptor: CInt
    private let ownsDescriptor: Bool
    private let gatherMilliseconds: CInt

    init(configuration: AccessLogConfiguration, dropped: Counter) throws(TelemetryError) {
        self.dropped = dropped
        gatherMilliseconds = configuration.flushMilliseconds
        bell = try AccessLogBell()
        switch configuration.destination {
        case .standardError, .off: (descriptor, ownsDescriptor) = (STDERR_FILENO, false)
        case .standardOutput: (descriptor, ownsDescriptor) = (STDOUT_FILENO, false)
        case .file(let path):
            descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
            ownsDescriptor = true
            guard descriptor >= 0 else { throw .system("open the access log '\(path)'", errno) }
        }
    }

    deinit {
        if ownsDescriptor { close(descriptor) }
    }

    /// The thread keeps the writer alive until it ends.
    func start() throws(TelemetryError) -> pthread_t {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let failure = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<AccessLogWriter>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque()
        )
        guard failure == 0 else {
            context.release()
            throw .system("start the access log's thread", failure)
        }
        return thread
    }

    private func run() {
        var spare: [UInt8] = []
        var goesOn = true
        while goesOn {
            goesOn = bell.wait(gathering: gatherMilliseconds)
            for channel in channels.withLock({ $0 }) {
                channel.drain(into: &spare)
                write(spare)
            }
        }
    }

    private func write(_ lines: [UInt8]) {
        lines.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if errno != EINTR, errno != EAGAIN || !becomesWritable() {
                    let lost = rest.reduce(into: 0) { $0 += $1 == UInt8(ascii: "\n") ? 1 : 0 }
                    return dropped.increment(by: UInt64(lost))
                }
            }
        }
    }

    /// Waits for the reader of a pipe that was set to non-blocking; one that takes nothing for a second loses lines.
    private func becomesWritable() -> Bool {
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&ready, 1, 1000) > 0
    }
}
