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
        console.output("Revision \(revision): \(progress.kind)\(scope), \(progress.status.rawValue.lowercased()).")
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
        let strangers = (status?.nodes ?? []).filter { !known.contains($0.name) }
        let width = (readiness.map(\.name.count) + strangers.map(\.name.count)).max() ?? 0
        for node in readiness {
            var parts = [node.ready ? "ready" : "not ready: \(node.reason ?? "no reason given")"]
            if let member = status?.nodes.first(where: { $0.name == node.name }) {
                let lease = Duration.milliseconds(member.leaseMilliseconds).inWords
                parts.append("applied up to \(member.acknowledged), lease for \(lease)")
            } else if status != nil {
                parts.append("no lease")
            }
            let name = node.name.padding(toLength: width, withPad: " ", startingAt: 0)
            console.output("  \(name)  \(parts.joined(separator: "; "))")
        }
        for member in strangers {
            let name = member.name.padding(toLength: width, withPad: " ", startingAt: 0)
            let lease = Duration.milliseconds(member.leaseMilliseconds).inWords
            console.output(
                "  \(name)  not in cluster.json; applied up to \(member.acknowledged), lease for \(lease)")
        }
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
