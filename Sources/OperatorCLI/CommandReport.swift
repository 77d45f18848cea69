import Foundation

/// What `--json` prints of a command.
struct CommandReport: Encodable {
    var kind: String
    var scope: ClusterCommand.Scope
    var revision: UInt64
    var status: CommandProgress.Status
    var nodes: [CommandProgress.Node]?
    var removal: CommandProgress.Removal?
    /// From before the command was sent until what was waited for was known.
    var elapsedMilliseconds: Double?

    init(_ command: ClusterCommand, revision: UInt64) {
        kind = command.kind.rawValue
        scope = command.scope
        self.revision = revision
        status = .pending
    }

    init(_ command: ClusterCommand, _ progress: CommandProgress, after time: Duration) {
        self.init(command, revision: progress.revision)
        status = progress.status
        nodes = progress.nodes
        removal = progress.removal
        elapsedMilliseconds = (time / .milliseconds(1) * 1000).rounded() / 1000
    }
}

enum JSONText {
    static func of(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // Values of ours always encode: no floating point here is infinite or NaN.
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
