internal import Synchronization

/// Work that may be asked for far oftener than it can be done: it runs once at a time, and once more after that for
/// whatever was asked for meanwhile.
final class CoalescedWork: Sendable {
    private enum State {
        case idle
        case running
        case runningAndWanted
    }

    private let state = Mutex(State.idle)

    func request(_ work: @escaping @Sendable () async -> Void) {
        let starts = state.withLock { state in
            switch state {
            case .idle:
                state = .running
                return true
            case .running, .runningAndWanted:
                state = .runningAndWanted
                return false
            }
        }
        guard starts else { return }
        Task {
            repeat { await work() } while goesOn()
        }
    }

    private func goesOn() -> Bool {
        state.withLock { state in
            state = state == .runningAndWanted ? .running : .idle
            return state == .running
        }
    }
}
