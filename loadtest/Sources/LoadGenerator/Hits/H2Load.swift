internal import Foundation

/// h2load on the generator's core: HTTP/2 over TLS.
struct H2Load {
    /// As browsers do: few connections, and on each what a page has many of.
    static let connections = 16
    static let streams = 16
    /// Bits of the windows: large enough never to be what is measured.
    private static let windowBits = 24

    let core: Int
    let objects: Int
    let folder: String
    let stop: RunStop

    /// Asks for the objects' targets in turn.
    func run(
        _ base: String, targets: String, seconds: Int
    ) throws -> (result: GeneratorResult, cpuNanoseconds: UInt64) {
        let list = folder + "/urls"
        let urls = (0..<objects).map { "\(base)\(targets)\($0)\n" }.joined()
        try Data(urls.utf8).write(to: URL(fileURLWithPath: list))
        let end = try ChildProcess.run(
            [
                "h2load", "--clients=\(Self.connections)",
                "--max-concurrent-streams=\(Self.streams)", "--window-bits=\(Self.windowBits)",
                "--connection-window-bits=\(Self.windowBits)", "--duration=\(seconds)", "--input-file=\(list)",
            ], on: core, folder: folder, stop: stop, seconds: ChildProcess.roundLimit(seconds))
        guard end.status == 0 else {
            throw LoadTestError(
                .tool, "h2load ended with status \(end.status): \(end.output). loadtest/hits gets what is missing")
        }
        return (try GeneratorResult(h2load: end.output), end.cpuNanoseconds)
    }

    /// "h2load nghttp2/1.52.0"
    static func version(folder: String, stop: RunStop) throws -> String {
        try ChildProcess.run(["h2load", "--version"], folder: folder, stop: stop).output
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

extension GeneratorResult {
    /// - Parameter output: everything that h2load wrote.
    /// - Throws: when its closing lines are not in it, or it spoke no HTTP/2.
    init(h2load output: String) throws {
        func number(_ pattern: Regex<(Substring, Substring)>) -> Int? { output.firstMatch(of: pattern).flatMap { Int($0.1) } }
        guard let done = number(/requests: .* ([0-9]+) done,/), let bytes = number(/\(([0-9]+)\) data/),
            let finished = output.firstMatch(of: /finished in ([0-9.]+)(s|ms),/), let time = Double(finished.1),
            let redirections = number(/status codes: .* ([0-9]+) 3xx/), let refusals = number(/status codes: .* ([0-9]+) 4xx/),
            let faults = number(/status codes: .* ([0-9]+) 5xx/), output.contains("Application protocol: h2\n")
        else { throw LoadTestError(.tool, "h2load gave no result over HTTP/2. It wrote: \(output.isEmpty ? "nothing" : output)") }
        self.init(
            generator: "h2load", requests: done, bytes: bytes, microseconds: Int(time * (finished.2 == "s" ? 1e6 : 1e3)))
        errors = [
            "failed": number(/, ([0-9]+) failed/) ?? 0, "errored": number(/, ([0-9]+) errored/) ?? 0,
            "timeouts": number(/, ([0-9]+) timeout/) ?? 0,
            // Those of 2xx are more than are done: the heads of what was under way at the end had come.
            "statuses other than 2xx": redirections + refusals + faults,
        ].filter { $0.value != 0 }
    }
}
