import Foundation

/// Tells how one command, or the whole cluster, is.
struct StatusRun {
    let cluster: ClusterFile
    let http: any OperatorHTTP
    let console: Console
    var asJSON = false

    private var api: OperatorAPI { OperatorAPI(cluster: cluster, http: http) }

    func run(revision: UInt64) async throws -> Outcome {
        let progress = try await api.progress(of: revision)
        if asJSON {
            console.output(JSONText.of(progress))
            return .done
        }
        let scope = progress.scope.map { " of \($0.inWords)" } ?? ""
        let by = progress.issuedBy.map { " Ordered by \($0)\(progress.issuedAt.map { " at \($0)" } ?? "")." } ?? ""
        console.output("Revision \(revision): \(progress.kind)\(scope), \(progress.status.rawValue.lowercased()).\(by)")
        for line in progress.nodeLines { console.output(line) }
        return .done
    }

    /// Asks the journal, and every node whether it is ready: where the API is down, the nodes still tell.
    func run() async throws -> Outcome {
        let readiness = await nodeReadiness()
        let status: ClusterStatus
        do {
            status = try await api.status()
        } catch {
            if !asJSON { tellNodes(readiness, status: nil) }
            throw error
        }
        if asJSON {
            console.output(JSONText.of(StatusReport(status, readiness)))
        } else {
            console.output("Cluster '\(cluster.account)': revision \(status.revision).")
            tellNodes(readiness, status: status)
            tellCommands(status.commands ?? [])
        }
        return .done
    }

    private func nodeReadiness() async -> [NodeReadiness] {
        await withTaskGroup(of: (Int, NodeReadiness).self) { group in
            for (index, node) in cluster.nodes.enumerated() {
                group.addTask { (index, await readiness(of: node)) }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func readiness(of node: ClusterFile.Node) async -> NodeReadiness {
        guard let url = node.readyURL else { return NodeReadiness(name: node.name, ready: false, reason: "unknown") }
        do {
            let answer = try await http.send(OperatorRequest(url: url, patience: .seconds(2)))
            let text = String(decoding: answer.body, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            return NodeReadiness(
                name: node.name, ready: answer.status == 200, reason: answer.status == 200 ? nil : text
            )
        } catch {
            return NodeReadiness(name: node.name, ready: false, reason: "does not answer")
        }
    }

    private func tellNodes(_ readiness: [NodeReadiness], status: ClusterStatus?) {
        // The journal's members that cluster.json does not know of are waited for like all others.
        let known = Set(readiness.map(\.name))
        var rows = readiness.map { node in
            var parts = [node.ready ? "ready" : "not ready: \(node.reason ?? "no reason given")"]
            if let member = status?.nodes.first(where: { $0.name == node.name }) {
                parts.append(member.inWords)
            } else if status != nil {
                parts.append("no member yet")
            }
            return (node.name, parts.joined(separator: "; "))
        }
        for member in status?.nodes ?? [] where !known.contains(member.name) {
            rows.append((member.name, "not in cluster.json; \(member.inWords)"))
        }
        for line in Columns.lines(rows) { console.output(line) }
    }

    private func tellCommands(_ commands: [ClusterStatus.Command]) {
        guard !commands.isEmpty else { return }
        console.output("Last commands:")
        for command in commands {
            let scope = command.scope.map { " of \($0.inWords)" } ?? ""
            console.output("  \(command.revision)  \(command.kind)\(scope): \(command.status.rawValue.lowercased())")
        }
    }
}

extension ClusterStatus.Node {
    var inWords: String {
        var parts: [String] = []
        switch state {
        case nil, "active": break
        case "left": parts.append("left")
        case "forgotten": parts.append("forgotten")
        case "declared-dead": parts.append("declared dead")
        case let later?: parts.append(later)
        }
        if let acknowledged { parts.append("applied up to \(acknowledged)") }
        parts.append(leaseMilliseconds > 0 ? "lease for \(Duration.milliseconds(leaseMilliseconds).inWords)" : "no lease")
        return parts.joined(separator: ", ")
    }
}

struct NodeReadiness: Codable, Equatable, Sendable {
    var name: String
    var ready: Bool
    var reason: String?
}

/// What `status --json` prints.
struct StatusReport: Encodable {
    var revision: UInt64
    var nodes: [ClusterStatus.Node]
    var commands: [ClusterStatus.Command]
    var readiness: [NodeReadiness]

    init(_ status: ClusterStatus, _ readiness: [NodeReadiness]) {
        revision = status.revision
        nodes = status.nodes
        commands = status.commands ?? []
        self.readiness = readiness
    }
}
