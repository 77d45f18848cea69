import Testing

/// The promise of DESIGN §4 over histories that a seed decides. `VIGNETTE_SEED=n` replays one and prints it;
/// `VIGNETTE_SEEDS=n` says how many.
@Suite(.serialized) struct SimulationTests {
    @Test func nothingIsAnsweredThatACompletedCommandForbids() {
        if let seed = replayedSeed {
            let simulation = Simulation(seed: seed, keepsHistory: true)
            let violation = simulation.run()
            print(simulation.world.history.joined(separator: "\n"))
            #expect(violation == nil)
            return
        }
        let first = UInt64.random(in: 0 ... .max >> 1)
        for seed in first..<first + UInt64(seedCount(2_000)) {
            guard let violation = Simulation(seed: seed).run() else { continue }
            Issue.record("\(violation); replay with VIGNETTE_SEED=\(seed)")
            return
        }
    }

    @Test func oneSeedIsOneHistory() {
        let runs = (0..<2).map { _ in
            let simulation = Simulation(seed: 42, keepsHistory: true)
            _ = simulation.run()
            return simulation.world.history
        }
        #expect(runs[0] == runs[1])
        #expect(runs[0].count > 20)
    }

    /// A checker that finds nothing proves nothing.
    @Test(arguments: PlantedBug.allCases) func theCheckerFinds(_ bug: PlantedBug) {
        let found = (0..<UInt64(5_000)).first { Simulation(seed: $0, bug: bug).run() != nil }
        guard let found else {
            Issue.record("the checker does not find \(bug)")
            return
        }
        #expect(Simulation(seed: found).run() == nil, "seed \(found) fails without the planted bug, too")
    }
}
