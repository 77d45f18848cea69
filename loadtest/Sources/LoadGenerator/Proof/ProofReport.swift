public import Foundation

/// What a proof did and found: the JSON that `--json` writes.
public struct ProofReport: ResultFile, Codable, Sendable {
    /// The format of this file.
    public var version = 1
    public var proof: String
    public var date = Date()
    public var machine = Machine.current()
    public var seed: UInt64
    public var seconds = 0.0
    /// Kills of a crash proof, episodes of a partition proof.
    public var cycles = 0
    /// Processes ended with SIGKILL, by role.
    public var kills: [String: Int] = [:]
    /// Cycles by the moment of the kill, or by the kind of fault.
    public var moments: [String: Int] = [:]
    /// From the start command to ready, the slowest: milliseconds.
    public var slowestStartMilliseconds = 0.0
    public var caches = ""
    public var notes: [String] = []
    public var findings = ProofFindings(
        requests: 0, boundByCommands: 0, statuses: [:], unanswered: 0, commands: [:], untouchedHits: 0, violations: 0,
        firstViolations: [])

    init(proof: String, seed: UInt64) {
        self.proof = proof
        self.seed = seed
    }

    /// Whether the promise held.
    public var isKept: Bool { findings.violations == 0 }

    /// For a terminal, with a line feed at its end.
    public var text: String {
        var lines = [
            "\(proof): seed \(seed), \(Format.count(cycles)) cycles in \(Format.seconds(seconds))",
            "by moment   \(Format.counts(moments))",
        ]
        if !kills.isEmpty { lines.append("kill -9     \(Format.counts(kills)); slowest start \(Format.milliseconds(slowestStartMilliseconds))") }
        lines += [
            "commands    \(Format.count(findings.commandCount)) acknowledged and completed (\(Format.counts(findings.commands)))",
            "requests    \(Format.count(findings.requests)) answered (\(Format.counts(findings.statuses))), \(Format.count(findings.unanswered)) cut off by a kill",
            "bound       \(Format.count(findings.boundByCommands)) answers by a completed command",
            "untouched   \(Format.count(findings.untouchedHits)) answers that had to be hits were",
        ]
        lines += notes
        lines += findings.firstViolations.map { "VIOLATION   \($0)" }
        lines.append("violations  \(findings.violations)")
        return lines.joined(separator: "\n") + "\n"
    }

    /// Takes the findings and ends the cluster.
    mutating func finish(_ stage: ProofStage, began: UInt64) throws {
        seconds = (Double(monotonicNow() - began) / 1e6).rounded() / 1e3
        findings = stage.record.findings
        if !isKept { notes.append(stage.cluster.logs()) }
        if let folder = try stage.down() { notes.append("The cluster's folder is kept: \(folder)") }
    }
}

extension ProofFindings {
    /// For a progress line.
    var line: String {
        "\(Format.count(commandCount)) commands, \(Format.count(requests)) requests, \(Format.count(untouchedHits)) hits of untouched objects, \(violations) violations"
    }
}
