/// True time, and what happens in it: one event after the other, in an order that the seed alone decides. All times here
/// are nanoseconds.
final class World {
    private struct Event {
        var at: UInt64
        var order: UInt64
        var act: () -> Void

        func isBefore(_ other: Event) -> Bool {
            at < other.at || (at == other.at && order < other.order)
        }
    }

    private(set) var now: UInt64 = 0
    private(set) var eventCount = 0
    var random: SeededGenerator
    private var heap: [Event] = []
    private var lastOrder: UInt64 = 0
    /// What happened, for people; only kept when asked for.
    private(set) var history: [String] = []
    let keepsHistory: Bool

    init(seed: UInt64, keepsHistory: Bool) {
        random = SeededGenerator(seed: seed)
        self.keepsHistory = keepsHistory
        heap.reserveCapacity(256)
    }

    /// One line of the history: when, where, what.
    func note(_ place: @autoclosure () -> String, _ line: @autoclosure () -> String) {
        guard keepsHistory else { return }
        let microseconds = now / 1_000
        let fraction = String(microseconds % 1_000 + 1_000).dropFirst()
        let time = "\(microseconds / 1_000).\(fraction)"
        history.append(
            String(repeating: " ", count: max(0, 10 - time.count)) + time + "  "
                + place().padded(to: 8) + "  " + line())
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
                let left = 2 * parent + 1
                if left < heap.count, heap[left].isBefore(heap[least]) { least = left }
                if left + 1 < heap.count, heap[left + 1].isBefore(heap[least]) { least = left + 1 }
                if least == parent { break }
                heap.swapAt(parent, least)
                parent = least
            }
        }
        now = event.at
        eventCount += 1
        event.act()
        return true
    }

    /// Drops what was still to happen: the closures hold on to the simulation.
    func end() {
        heap = []
    }

    /// Mostly short, sometimes long: a write, a hop between threads.
    func pause() -> UInt64 {
        random.chance(92) ? random.number(in: 10_000...1_500_000) : random.number(in: 1_000_000...250_000_000)
    }
}

/// A clock that began somewhere and runs at a rate of its own, and a wall clock beside it that people set.
struct SimulatedClock {
    var rate: Double
    var offset: UInt64
    /// Nanoseconds that the wall clock is off.
    var wallError: Int64 = 0

    func boot(at time: UInt64) -> UInt64 {
        offset + UInt64(Double(time) * rate)
    }

    /// Nanoseconds since some beginning.
    func wall(at time: UInt64) -> Int64 {
        1_000_000_000_000 + Int64(time) + wallError
    }

    /// The true time at which this clock shows `nanoseconds`, or a moment later.
    func time(of nanoseconds: UInt64) -> UInt64 {
        guard nanoseconds > offset else { return 0 }
        return UInt64((Double(nanoseconds - offset) / rate).rounded(.up)) + 1
    }
}

/// SplitMix64: the same numbers for the same seed, on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        // Seeds in a row must not give histories that resemble each other.
        state = seed &* 0xD134_2543_DE82_EF95 &+ 0x5851_F42D_4C95_7F2D
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func number(in range: ClosedRange<UInt64>) -> UInt64 {
        range.lowerBound + next().multipliedFullWidth(by: range.upperBound - range.lowerBound + 1).high
    }

    mutating func index(below count: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(count)).high)
    }

    /// Per cent.
    mutating func chance(_ percent: Int) -> Bool {
        index(below: 100) < percent
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[index(below: elements.count)]
    }
}

extension String {
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
