import CacheProtocol

/// True time, and what happens in it: one event after the other, in an order that the seed alone decides. All
/// times here are nanoseconds.
final class World {
    private struct Event {
        var at: UInt64
        var order: UInt64
        var act: () -> Void

        func isBefore(_ other: Event) -> Bool {
            (at, order) < (other.at, other.order)
        }
    }

    private(set) var now: UInt64 = 0
    var random: SeededGenerator
    private var heap: [Event] = []
    private var lastOrder: UInt64 = 0
    /// What happened, for people; only kept when asked for.
    private(set) var history: [String] = []
    let keepsHistory: Bool

    init(seed: UInt64, keepsHistory: Bool) {
        random = SeededGenerator(seed: seed)
        self.keepsHistory = keepsHistory
    }

    func note(_ line: @autoclosure () -> String) {
        guard keepsHistory else { return }
        let milliseconds = Double(now / 1_000) / 1_000
        history.append("\(milliseconds) ms  \(line())")
    }

    func after(_ delay: UInt64, _ act: @escaping () -> Void) {
        at(now + delay, act)
    }

    func at(_ time: UInt64, _ act: @escaping () -> Void) {
        lastOrder += 1
        heap.append(Event(at: max(time, now), order: lastOrder, act: act))
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// - Returns: false when nothing is left to happen.
    func step() -> Bool {
        guard let event = heap.first else { return false }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            var parent = 0
            while true {
                var least = parent
                for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                    if heap[child].isBefore(heap[least]) { least = child }
                }
                if least == parent { break }
                heap.swapAt(parent, least)
                parent = least
            }
        }
        now = event.at
        event.act()
        return true
    }

    /// Mostly short, sometimes long: a write, a hop between threads.
    func pause() -> UInt64 {
        random.chance(90) ? random.number(in: 10_000...2_000_000) : random.number(in: 1_000_000...300_000_000)
    }
}

/// A clock that began somewhere and runs at a rate of its own.
struct DriftingClock {
    var rate: Double
    var offset: UInt64

    func read(at time: UInt64) -> BootInstant {
        BootInstant(nanoseconds: offset + UInt64(Double(time) * rate))
    }

    /// The true time at which this clock shows `instant`, or a moment later.
    func time(of instant: BootInstant) -> UInt64 {
        guard instant.nanoseconds > offset else { return 0 }
        return UInt64((Double(instant.nanoseconds - offset) / rate).rounded(.up)) + 1
    }
}
