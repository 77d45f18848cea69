import Foundation
import Simulation
import Testing

/// The promise of DESIGN §4 over histories that a seed decides. `VIGNETTE_SEED=n` replays one and prints it;
/// `VIGNETTE_SEEDS=n` says how many. `make simulate` runs more.
@Suite(.serialized) struct SimulationTests {
    @Test func nothingIsAnsweredThatACompletedCommandForbids() {
        if let seed = number("VIGNETTE_SEED") {
            let (history, violation) = replay(seed)
            print(history.joined(separator: "\n"))
            #expect(violation == nil)
            return
        }
        let run = SimulationRun(
            first: .random(in: 0 ... .max >> 2), count: number("VIGNETTE_SEEDS") ?? 4_000,
            threads: ProcessInfo.processInfo.activeProcessorCount)
        if let found = run.run().firstFinding {
            let history = replay(found.seed).history
            Issue.record(
                "\(found.violation)\n\(history.suffix(40).joined(separator: "\n"))\nreplay with VIGNETTE_SEED=\(found.seed)")
        }
    }

    @Test func oneSeedIsOneHistory() {
        for seed: UInt64 in [42, 43, 44] {
            let runs = (0..<2).map { _ in replay(seed) }
            #expect(runs[0].history == runs[1].history)
            #expect(runs[0].history.count > 100)
        }
    }

    /// A checker that finds nothing proves nothing.
    @Test(arguments: PlantedBug.allCases) func theCheckerFinds(_ bug: PlantedBug) {
        let run = SimulationRun(
            first: 0, count: 60_000, bug: bug, threads: ProcessInfo.processInfo.activeProcessorCount)
        guard let found = run.run().firstFinding else {
            Issue.record("the checker does not find \(bug)")
            return
        }
        #expect(replay(found.seed).violation == nil, "seed \(found.seed) fails without the planted bug, too")
    }

    private func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
    }
}
