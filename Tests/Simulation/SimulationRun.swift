internal import Synchronization
internal import Dispatch

/// Many seeds, on all cores.
package struct SimulationRun: Sendable {
    package struct Finding: Sendable {
        package var seed: UInt64
        package var violation: String
    }

    package struct Progress: Sendable {
        package var seeds: UInt64 = 0
        package var events: UInt64 = 0
        package var answers: UInt64 = 0
        package var commands: UInt64 = 0
        package var firstFinding: Finding?
    }

    package var first: UInt64
    package var count: UInt64
    package var bug: PlantedBug?
    package var threads: Int

    package init(first: UInt64, count: UInt64, bug: PlantedBug? = nil, threads: Int) {
        (self.first, self.count, self.bug, self.threads) = (first, count, bug, threads)
    }

    /// Blocks until all are run, or one was found that breaks the promise.
    /// - Parameter report: called now and then, from one of the threads.
    package func run(every seeds: UInt64 = 1_000, report: @Sendable @escaping (Progress) -> Void = { _ in }) -> Progress {
        let next = Atomic<UInt64>(0)
        let total = Mutex(Progress())
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            while true {
                let begin = next.wrappingAdd(16, ordering: .relaxed).oldValue
                guard begin < count else { return }
                if total.withLock({ $0.firstFinding != nil }) { return }
                var part = Progress()
                for seed in begin..<min(begin + 16, count) {
                    let simulation = Simulation(seed: first &+ seed, bug: bug)
                    let violation = simulation.run()
                    part.seeds += 1
                    part.events += UInt64(simulation.world.eventCount)
                    part.answers += UInt64(simulation.answers)
                    part.commands += UInt64(simulation.orders.count)
                    if let violation, part.firstFinding == nil {
                        part.firstFinding = Finding(seed: first &+ seed, violation: violation)
                    }
                }
                let now = total.withLock { total -> Progress? in
                    let before = total.seeds / seeds
                    total.seeds += part.seeds
                    total.events += part.events
                    total.answers += part.answers
                    total.commands += part.commands
                    if let found = part.firstFinding, found.seed < total.firstFinding?.seed ?? .max {
                        total.firstFinding = found
                    }
                    return total.seeds / seeds > before ? total : nil
                }
                if let now { report(now) }
            }
        }
        return total.withLock { $0 }
    }
}

/// One seed again, with its history: one line per event.
package func replay(_ seed: UInt64, bug: PlantedBug? = nil) -> (history: [String], violation: String?) {
    let simulation = Simulation(seed: seed, bug: bug, keepsHistory: true)
    let violation = simulation.run()
    return (simulation.world.history, violation)
}
