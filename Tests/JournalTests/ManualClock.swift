import CacheProtocol
import Journal
import Synchronization

/// Time that passes when the test says so.
final class ManualClock: DeskClock {
    private struct State {
        var milliseconds: UInt64 = 1_000_000
        var sleepers: [UInt64: (until: BootInstant, continuation: CheckedContinuation<Void, any Error>)] = [:]
        var lastTicket: UInt64 = 0
        var called: Set<UInt64> = []
    }

    private let state = Mutex(State())

    private static func instant(_ milliseconds: UInt64) -> DeskInstant {
        DeskInstant(
            boot: BootInstant(nanoseconds: 0).advanced(byMilliseconds: milliseconds),
            wall: Int64(milliseconds) + 1_700_000_000_000)
    }

    func now() -> DeskInstant {
        state.withLock { Self.instant($0.milliseconds) }
    }

    func sleep(until instant: BootInstant) async throws {
        let ticket = state.withLock { state in
            state.lastTicket += 1
            return state.lastTicket
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let failure: (any Error)?? = state.withLock { state in
                    if state.called.remove(ticket) != nil { return .some(CancellationError()) }
                    if instant <= Self.instant(state.milliseconds).boot { return .some(nil) }
                    state.sleepers[ticket] = (instant, continuation)
                    return nil
                }
                guard let failure else { return }
                if let failure { continuation.resume(throwing: failure) } else { continuation.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: ticket)
                if sleeper == nil { state.called.insert(ticket) }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    func advance(milliseconds: UInt64) {
        let due = state.withLock { state in
            state.milliseconds += milliseconds
            let now = Self.instant(state.milliseconds).boot
            let due = state.sleepers.filter { $0.value.until <= now }
            for ticket in due.keys { state.sleepers[ticket] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }
}
