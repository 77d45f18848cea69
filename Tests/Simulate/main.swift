import Foundation
import Simulation

/// `vignette-simulate`: many seeds on all cores, or one again with its history.
///
///     --seeds N      how many (100,000)
///     --first N      the first (drawn at random)
///     --replay N     prints the history of one
///     --bug NAME     with a planted bug
///     --threads N    at once (as many as there are cores)
///     --json FILE    writes what came out
///
/// `VIGNETTE_SEED=n` in the environment is `--replay n`.
struct Options {
    var seeds: UInt64 = 100_000
    var first = UInt64.random(in: 0 ... .max >> 2)
    var replayed = ProcessInfo.processInfo.environment["VIGNETTE_SEED"].flatMap { UInt64($0) }
    var bug: PlantedBug?
    var threads = ProcessInfo.processInfo.activeProcessorCount
    var json: String?

    init(_ arguments: ArraySlice<String>) throws(Misuse) {
        var rest = arguments
        while let option = rest.popFirst() {
            guard let value = rest.popFirst() else { throw Misuse("\(option) needs a value") }
            switch option {
            case "--seeds": seeds = try Self.number(value)
            case "--first": first = try Self.number(value)
            case "--replay": replayed = try Self.number(value)
            case "--threads": threads = max(1, Int(clamping: try Self.number(value)))
            case "--json": json = value
            case "--bug":
                guard let known = PlantedBug(rawValue: value) else {
                    throw Misuse("no bug is called \(value); there are \(PlantedBug.allCases.map(\.rawValue).joined(separator: ", "))")
                }
                bug = known
            default: throw Misuse("\(option) is no option")
            }
        }
    }

    private static func number(_ text: String) throws(Misuse) -> UInt64 {
        guard let number = UInt64(text) else { throw Misuse("\(text) is no number") }
        return number
    }
}

struct Misuse: Error {
    let text: String

    init(_ text: String) { self.text = text }
}

func say(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}

func show(_ seed: UInt64, _ bug: PlantedBug?) -> Bool {
    let (history, violation) = replay(seed, bug: bug)
    FileHandle.standardOutput.write(Data((history.joined(separator: "\n") + "\n").utf8))
    say(violation.map { "seed \(seed): \($0)" } ?? "seed \(seed): nothing is broken")
    return violation == nil
}

do {
    let options = try Options(CommandLine.arguments.dropFirst())
    if let seed = options.replayed { exit(show(seed, options.bug) ? 0 : 1) }
    let begin = Date()
    let result = SimulationRun(first: options.first, count: options.seeds, bug: options.bug, threads: options.threads)
        .run(every: max(1, options.seeds / 100)) { progress in
            let rate = Double(progress.seeds) / max(Date().timeIntervalSince(begin), 0.001)
            say("\(progress.seeds) of \(options.seeds) seeds, \(Int(rate)) seeds/s, \(progress.events / max(1, progress.seeds)) events each")
        }
    let seconds = Date().timeIntervalSince(begin)
    if let found = result.firstFinding {
        let history = replay(found.seed, bug: options.bug).history
        say((["The last lines of seed \(found.seed):"] + history.suffix(60)).joined(separator: "\n"))
        say("\(found.violation); `VIGNETTE_SEED=\(found.seed) make simulate` prints all of it")
    }
    let report: [String: Any] = [
        "firstSeed": options.first, "seeds": result.seeds, "threads": options.threads, "seconds": (seconds * 10).rounded() / 10,
        "seedsPerSecond": Int(Double(result.seeds) / seconds), "events": result.events, "answers": result.answers,
        "commands": result.commands, "violations": result.firstFinding == nil ? 0 : 1,
        "at": ISO8601DateFormatter().string(from: begin),
    ]
    let json = try JSONSerialization.data(withJSONObject: report, options: [.prettyPrinted, .sortedKeys])
    if let path = options.json { try (json + Data("\n".utf8)).write(to: URL(fileURLWithPath: path)) }
    FileHandle.standardOutput.write(json + Data("\n".utf8))
    exit(result.firstFinding == nil ? 0 : 1)
} catch let misuse as Misuse {
    say("vignette-simulate: \(misuse.text)")
    exit(2)
} catch {
    say("vignette-simulate: \(error)")
    exit(1)
}
