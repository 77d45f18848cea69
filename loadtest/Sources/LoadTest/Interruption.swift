import Dispatch
import Glibc
import LoadGenerator
import Synchronization

/// Ctrl-C ends the run early and its result is still shown; a second one ends the process at once.
final class Interruption {
    private final class Presses: Sendable {
        let count = Atomic<Int>(0)
    }

    private let presses = Presses()
    private let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())

    init(_ run: LoadRun) {
        // The default action would end the process before the source is told.
        signal(SIGINT, SIG_IGN)
        source.setEventHandler { [presses] in
            if presses.count.add(1, ordering: .relaxed).oldValue > 0 { exit(130) }
            run.stop()
        }
        source.activate()
    }

    deinit {
        source.cancel()
    }

    var hasHappened: Bool { presses.count.load(ordering: .relaxed) > 0 }
}
