internal import Foundation
internal import Synchronization

/// Where a proof runs: sources, cluster, clients and commanders. What breaks things comes on top (`CrashRun`,
/// `PartitionRun`).
final class ProofStage: Sendable {
    struct Plan: Sendable {
        var seed: UInt64
        var edges: Int
        /// Seconds.
        var lease: Int
        /// Sources that commands touch, and those that only a purge of everything does.
        var changing: Int
        var untouched: Int
        var clientsPerEdge: Int
        var commanders: Int
        /// Microseconds.
        var clientPace: UInt32
        var commandPace: UInt32
        var allEvery: Int
        /// Bytes of each edge's and the origin's disk caches.
        var diskBytes: Int
        /// Seconds.
        var patience: Double
        var tools: String
        /// Relays between edges and the origin.
        var relayed: Bool
        /// Every edge in a network namespace of its own; needs relays.
        var namespaced = false
    }

    let plan: Plan
    let cluster: ProofCluster
    let record: ProofRecord
    let moments = ProofMoments()
    let relays: [LinkRelay]
    /// By edge; empty without namespaces.
    private let namespaces: [NetworkNamespace]
    private let folder: String
    private let shelf: SourceShelf
    private let api: ProofAPI
    private let clients = ProofThreads()
    private let commanders = ProofThreads()
    private let commandsAreOver: Flag

    /// What a lock-free flag needs a class for.
    private final class Flag: Sendable {
        let isSet = Atomic<Bool>(false)
    }

    /// Starts the cluster. On a throw nothing is left running.
    init(_ plan: Plan) throws {
        self.plan = plan
        folder = NSTemporaryDirectory() + "/vignette-proof-\(UInt64.random(in: 0 ... .max))"
        let sources = plan.changing + plan.untouched
        shelf = try SourceShelf(folder: folder + "/sources", sources: sources, seed: plan.seed)
        let checker = HistoryChecker(
            sources: sources, variants: ProofVariant.all.count, untouched: Set(plan.changing..<sources))
        record = ProofRecord(checker)
        let base = FreePorts.base(edges: plan.edges, links: plan.relayed)
        let bytes = "\(plan.diskBytes)"
        relays = plan.relayed
            ? try (1...plan.edges).map { try LinkRelay(port: base + 500 + $0, target: base + 200) } : []
        cluster = try ProofCluster(
            ProofCluster.Setup(
                tools: plan.tools, data: folder + "/cluster", sources: folder + "/sources", edges: plan.edges,
                lease: plan.lease, linkBase: plan.relayed ? base + 500 : nil,
                environment: [
                    "VIGNETTE_CACHE_DISK_BYTES": bytes, "VIGNETTE_CACHE_SOURCES_DISK_BYTES": bytes,
                    "VIGNETTE_CACHE_VARIANTS_DISK_BYTES": bytes, "VIGNETTE_LOG_LEVEL": "warning",
                ]),
            basePort: base)
        api = ProofAPI(cluster)
        commandsAreOver = Flag()
        do {
            namespaces = plan.namespaced ? try Self.move(cluster, base: base) : []
        } catch {
            try? cluster.down()
            try? FileManager.default.removeItem(atPath: folder)
            throw error
        }
    }

    /// Ends every edge and starts it again in a namespace of its own; clients find it where it was.
    private static func move(_ cluster: ProofCluster, base: Int) throws -> [NetworkNamespace] {
        var namespaces: [NetworkNamespace] = []
        do {
            for number in 1...cluster.edges.count {
                _ = cluster.kill("edge-\(number)")
                let namespace = try NetworkNamespace(
                    number: number, inward: cluster.edges[number - 1].port, outward: base + 500 + number, origin: base + 200)
                namespaces.append(namespace)
                try cluster.start("edge-\(number)", in: namespace.name)
            }
            return namespaces
        } catch {
            try? cluster.down()
            for namespace in namespaces { try? namespace.remove() }
            throw error
        }
    }

    /// Starts a node where it belongs, and returns when it is ready.
    func start(_ name: String, environment: [String: String] = [:]) throws {
        let edge = Int(name.split(separator: "-").last ?? "") ?? 0
        let namespace = name.hasPrefix("edge") && !namespaces.isEmpty ? namespaces[edge - 1].name : nil
        try cluster.start(name, environment: environment, in: namespace)
    }

    /// Parts an edge from the origin: its relay resets connections, or its cable is pulled.
    func cut(_ edge: Int) throws {
        if namespaces.isEmpty { relays[edge].set(.cut) } else { try namespaces[edge].pullOriginCable() }
    }

    /// Joins them again, whatever parted them.
    func heal(_ edge: Int) throws {
        if namespaces.isEmpty { relays[edge].set(.clear) } else { try namespaces[edge].plugOriginCable() }
    }

    var nodeNames: [String] { (1...plan.edges).map { "edge-\($0)" } + ["origin-1"] }

    func startClientsAndCommanders() {
        for edge in 0..<plan.edges {
            for number in 0..<plan.clientsPerEdge {
                let client = client(of: edge, stream: UInt64(edge * plan.clientsPerEdge + number) * 2, salt: 1)
                clients.start("client of edge-\(edge + 1)") { client.run() }
            }
        }
        for number in 0..<plan.commanders {
            let own = (0..<plan.changing).filter { $0 % plan.commanders == number }
            let commander = ProofCommander(
                sources: own, shelf: shelf, api: api, record: record, moments: moments,
                draws: SeededDraws(seed: plan.seed &+ 2), stream: UInt64(number) * 4, pace: plan.commandPace,
                allEvery: plan.allEvery, patience: plan.patience,
                isOver: { [commandsAreOver] in commandsAreOver.isSet.load(ordering: .relaxed) })
            commanders.start("commander \(number + 1)") { commander.run() }
        }
    }

    /// Asks one edge for every untouched variant, in the log like every client.
    func askUntouched(of edge: Int) {
        let one = client(of: edge, stream: 0, salt: 3)
        let connection = BlockingClient(cluster.edges[edge])
        for source in plan.changing..<plan.changing + plan.untouched {
            for variant in ProofVariant.all.indices {
                if let answer = one.ask(connection, source, variant) { record.add([answer], unanswered: 0) }
            }
        }
    }

    /// Every fault has ended: lets the commands complete, asks every edge for everything, and judges the rest of the log.
    func settle() {
        commandsAreOver.isSet.store(true, ordering: .relaxed)
        commanders.wait()
        record.end()
        clients.wait()
        for edge in 0..<plan.edges where record.violations == 0 { requireAnswers(of: edge) }
        record.judge()
    }

    private func requireAnswers(of edge: Int) {
        let one = client(of: edge, stream: 0, salt: 4)
        let connection = BlockingClient(cluster.edges[edge])
        for source in 0..<plan.changing + plan.untouched {
            for variant in ProofVariant.all.indices {
                let deadline = monotonicNow() + nanoseconds(plan.patience)
                var last: ClientAnswer?
                repeat {
                    last = one.ask(connection, source, variant)
                    if let last { record.add([last], unanswered: 0) }
                } while last?.status != 200 && monotonicNow() < deadline
                guard last?.status != 200 else { continue }
                record.violate(Violation(kind: .unexplainedStatus, detail: """
                    edge-\(edge + 1) answers \(last.map { String($0.status) } ?? "nothing") for source \(source) variant \
                    \(variant) although every fault has ended
                    """))
                return
            }
        }
    }

    /// Ends the processes. The folder stays when something was found, for whoever looks into it.
    func down() throws -> String? {
        try cluster.down()
        for namespace in namespaces { try namespace.remove() }
        for relay in relays { relay.stop() }
        guard record.violations == 0 else { return folder }
        try FileManager.default.removeItem(atPath: folder)
        return nil
    }

    private func client(of edge: Int, stream: UInt64, salt: UInt64) -> ProofClient {
        ProofClient(
            edge: edge, endpoint: cluster.edges[edge], account: cluster.account, sources: plan.changing + plan.untouched,
            record: record, draws: SeededDraws(seed: plan.seed &+ salt), stream: stream, pace: plan.clientPace, patience: 30)
    }
}
