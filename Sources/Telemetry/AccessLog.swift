internal import Glibc
internal import Synchronization

/// The access log: one line per request, recorded through an ``AccessChannel``, gathered in memory and written by one
/// thread. When the disk cannot keep up, lines are dropped and counted, and no request waits.
public final class AccessLog: Sendable {
    private enum State {
        case running(pthread_t)
        case ended
    }

    private let writer: AccessLogWriter
    private let configuration: AccessLogConfiguration
    private let state: Mutex<State>

    /// Opens the destination and starts the writer thread.
    ///
    /// - Parameter metrics: Gets `vignette_access_lines_dropped_total`.
    public init(configuration: AccessLogConfiguration, metrics: MetricsRegistry) throws(TelemetryError) {
        self.configuration = configuration
        let dropped = metrics.counter(
            "vignette_access_lines_dropped_total",
            help: "Access log lines lost because they came faster than they could be written."
        )
        writer = try AccessLogWriter(configuration: configuration, dropped: dropped)
        state = Mutex(configuration.destination == .off ? .ended : .running(try writer.start()))
    }

    /// A channel for one event loop, or for one kind of caller.
    public func channel() -> AccessChannel {
        let channel = AccessChannel(configuration: configuration, dropped: writer.dropped, bell: writer.bell)
        writer.channels.withLock { $0.append(channel) }
        return channel
    }

    /// Lines lost so far.
    public var droppedLines: UInt64 {
        writer.dropped.value
    }

    /// Writes what is held and ends the thread. Waits for the disk: not for event loops.
    public func shutdown() {
        let thread = state.withLock { state -> pthread_t? in
            guard case .running(let thread) = state else { return nil }
            state = .ended
            return thread
        }
        guard let thread else { return }
        writer.bell.stop()
        pthread_join(thread, nil)
    }
}
