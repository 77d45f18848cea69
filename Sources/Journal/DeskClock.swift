public import CacheProtocol
internal import Foundation

/// The desk's clocks; tests bring their own.
public protocol DeskClock: Sendable {
    func now() -> DeskInstant
    /// Returns at `instant` or later; early only by throwing `CancellationError`.
    func sleep(until instant: BootInstant) async throws
}

/// The clocks of this machine.
public struct SystemDeskClock: DeskClock {
    public init() {}

    public func now() -> DeskInstant {
        DeskInstant(boot: .now(), wall: Int64(Date().timeIntervalSince1970 * 1_000))
    }

    public func sleep(until instant: BootInstant) async throws {
        while true {
            let now = BootInstant.now()
            guard now < instant else { return }
            // `ContinuousClock` is CLOCK_BOOTTIME on Linux; the loop holds where it is not.
            try await Task.sleep(for: .nanoseconds(Int64(clamping: instant.nanoseconds - now.nanoseconds)))
        }
    }
}
