/// Tells where the cluster keeps bytes of one source.
struct WhereRun {
    let api: OperatorAPI
    let console: Console
    var asJSON = false

    func run(_ path: String) async throws -> Outcome {
        let found = try await api.whereabouts(of: path)
        let outcome: Outcome = found.isWhole ? .done : .timedOut
        if asJSON {
            console.output(JSONText.of(found))
            return outcome
        }
        tell(found)
        for silent in found.silent { console.notice("\(silent.name) did not tell: \(silent.reason)") }
        for node in found.nodes { if let failure = node.failure { console.notice("\(node.name) can't tell all: \(failure)") } }
        return outcome
    }

    private func tell(_ found: SourceWhereabouts) {
        let records = found.nodes.flatMap(\.records)
        guard !records.isEmpty else {
            console.output(
                found.isWhole
                    ? "Nothing of source '\(found.source)' is kept on any of the \(found.nodes.count) nodes."
                    : "Nothing of source '\(found.source)' is kept on the nodes that told."
            )
            return
        }
        let holders = found.nodes.count { !$0.records.isEmpty }
        console.output(
            "Source '\(found.source)': \(Amount.of(UInt64(records.count), "record")), "
                + "\(records.reduce(0) { $0 + $1.bytes }) bytes, on \(holders) of \(found.nodes.count) nodes.")
        let rows = found.nodes.flatMap { node in
            node.records.isEmpty
                ? [(node.name, "nothing")]
                : node.records.map { (node.name, "\($0.cache)  \($0.tier)  \($0.contentType)  \($0.bytes) bytes  \($0.key)") }
        }
        for line in Columns.lines(rows) { console.output(line) }
    }
}

extension SourceWhereabouts {
    /// Whether every node told everything.
    var isWhole: Bool {
        silent.isEmpty && nodes.allSatisfy { $0.failure == nil }
    }
}
