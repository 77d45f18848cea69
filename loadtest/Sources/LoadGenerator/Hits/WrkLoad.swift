internal import Foundation

/// wrk: one thread on one core, in a closed loop.
struct WrkLoad {
    private let core: Int
    private let connections: Int
    private let objects: Int
    private let folder: String
    private let script: String
    private let stop: RunStop

    init(core: Int, connections: Int, objects: Int, folder: String, stop: RunStop) throws {
        (self.core, self.connections, self.objects, self.folder, self.stop) = (core, connections, objects, folder, stop)
        script = folder + "/cycle.lua"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(WrkResult.script.utf8).write(to: URL(fileURLWithPath: script))
    }

    /// Asks for the objects' targets in turn.
    func run(
        _ base: String, targets: String, seconds: Int
    ) throws -> (result: GeneratorResult, cpuNanoseconds: UInt64) {
        let end = try ChildProcess.run(
            [
                "wrk", "--threads", "1", "--connections", "\(connections)",
                "--duration", "\(seconds)s", "--timeout", "10s", "--script", script, base,
                "--", "\(objects)", targets,
            ], on: core, folder: folder, stop: stop, seconds: ChildProcess.roundLimit(seconds))
        guard end.status == 0 else {
            throw LoadTestError(
                .tool, "wrk ended with status \(end.status): \(end.output). loadtest/hits gets what is missing")
        }
        return (try WrkResult(output: end.output).figures, end.cpuNanoseconds)
    }

    /// "wrk 4.1.0", or as its packager calls it.
    static func version(folder: String, stop: RunStop) throws -> String {
        // It tells its version with its usage, and ends with 1.
        let output = try ChildProcess.run(["wrk", "--version"], folder: folder, stop: stop).output
        return output.split(separator: " ").prefix(2).joined(separator: " ")
    }
}
