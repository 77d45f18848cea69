import ArgumentParser
import Foundation
import LoadGenerator

/// Settings of the command line that replace the scenario's.
struct ScenarioOverrides: ParsableArguments {
    @Option(help: "Open loop: requests per second.")
    var rate: Double?

    @Option(help: "Closed loop: connections. With an open loop: the most connections it may use.")
    var connections: Int?

    @Option(help: "Measured seconds.")
    var duration: Double?

    @Option(help: "Seconds of load before the measured ones.")
    var warmup: Double?

    @Option(help: "End after so many requests.")
    var requests: Int?

    @Option(help: "Seconds after which a request is given up.")
    var timeout: Double?

    @Option(help: "Decides popularity and order.")
    var seed: UInt64?

    @Option(help: "The Zipf exponent of all traffic that is ordered by popularity.")
    var exponent: Double?

    @Option(help: "Event loops (threads) of the generator.")
    var loops: Int?

    @Option(help: "The account's path, for {account} in URLs; default: the target's or the cluster's.")
    var account: String?

    @Option(name: .customLong("list"), help: ArgumentHelp(
        "Replace a list of the scenario: the image files of a folder, or a file with one value a line.", valueName: "name=path"
    ))
    var lists: [String] = []

    /// `--rate` makes the load an open loop; `--connections` alone keeps the scenario's model.
    func apply(to scenario: Scenario) -> Scenario {
        var changed = scenario
        switch (scenario.load, rate) {
        case (.open(let written, let maxConnections), _):
            changed.load = .open(rate: rate ?? written, maxConnections: connections ?? maxConnections)
        case (.closed, let rate?):
            changed.load = .open(rate: rate, maxConnections: connections ?? 256)
        case (.closed(let written), nil):
            changed.load = .closed(connections: connections ?? written)
        }
        changed.durationSeconds = duration ?? scenario.durationSeconds
        changed.warmupSeconds = warmup ?? scenario.warmupSeconds
        changed.requests = requests ?? scenario.requests
        changed.timeoutSeconds = timeout ?? scenario.timeoutSeconds
        changed.seed = seed ?? scenario.seed
        changed.loops = loops ?? scenario.loops
        if let exponent {
            for index in changed.traffic.indices {
                if case .zipf = changed.traffic[index].order { changed.traffic[index].order = .zipf(exponent: exponent) }
            }
        }
        return changed
    }

    func replacementLists() throws -> [String: ValueList] {
        var replacements: [String: ValueList] = [:]
        for list in lists {
            let parts = list.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw ValidationError("--list \(list): write NAME=FOLDER or NAME=FILE")
            }
            // A path on the command line is relative to where the command runs, not to the scenario.
            let path = URL(fileURLWithPath: parts[1]).path
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw ValidationError("--list \(list): there is no \(parts[1])")
            }
            replacements[parts[0]] = isFolder.boolValue ? .folder(path) : .file(path)
        }
        return replacements
    }
}
