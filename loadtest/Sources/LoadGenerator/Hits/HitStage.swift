internal import Foundation
internal import Glibc

/// One origin, one edge and one nginx in front of it, each on its core.
///
/// Every body of a size is of the same bytes, under URLs of its own: both caches hold an object for each.
final class HitStage {
    let edge: Endpoint
    let edgePID: pid_t
    let nginx: TunedNginx
    let cluster: ProofCluster
    let plan: HitsPlan
    let wrk: WrkLoad
    let h2load: H2Load
    let stop: RunStop
    private let tier: EdgeTier
    private let folder: String
    private let sources: String
    /// Of the edge.
    private let tlsPort: Int

    /// Starts everything. On a throw nothing is left running.
    init(_ tier: EdgeTier, _ plan: HitsPlan, cores: Cores, folder: String, stop: RunStop) throws {
        (self.tier, self.plan, self.folder, self.stop) = (tier, plan, folder, stop)
        sources = folder + "/sources"
        wrk = try WrkLoad(
            core: cores.generator, connections: plan.connections, objects: plan.objects, folder: folder, stop: stop)
        for path in [sources, folder + "/nginx"] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        h2load = H2Load(core: cores.generator, objects: plan.objects, folder: folder, stop: stop)
        let base = FreePorts.base(edges: 1)
        tlsPort = base + 601
        let tls = try TLSFiles(folder: folder, stop: stop)
        let environment = [
            "VIGNETTE_LISTEN_LOOPS": "1", "VIGNETTE_ACCESS_LOG_FILE": "off", "VIGNETTE_LOG_LEVEL": "warning",
        ]
        cluster = try ProofCluster(
            ProofCluster.Setup(
                tools: URL(fileURLWithPath: plan.tools).path, data: folder + "/cluster", sources: sources, edges: 1,
                lease: 600, linkBase: nil, tls: tls, environment: environment),
            basePort: base)
        do {
            try stop.check()
            edge = cluster.edges[0]
            guard let pid = cluster.node("edge-1")?.pid else { throw LoadTestError(.cluster, "the edge does not run") }
            edgePID = pid
            try Cores.pin(edgePID, to: cores.server)
            nginx = try TunedNginx(port: base + 700, tls, upstream: edge, folder: folder + "/nginx", cores: cores)
        } catch {
            try? cluster.down()
            throw error
        }
    }

    func end() throws {
        nginx.end()
        try cluster.down()
        try FileManager.default.removeItem(atPath: folder)
    }

    // MARK: Objects

    /// Puts objects with bodies of `size` bytes into both caches, and makes sure that both answer with them, and alike.
    func fill(size: Int) throws {
        let picture = try SizedPicture.source(for: size) { source in
            let name = "try-\(UInt32.random(in: 0 ... .max)).png"
            try Data(source).write(to: URL(fileURLWithPath: "\(sources)/\(name)"))
            return try ask("/\(cluster.account)/tr:f-png/\(name)", of: edge).body.count
        }
        let folder = "\(sources)/\(size)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for object in 0..<plan.objects { try Data(picture).write(to: URL(fileURLWithPath: "\(folder)/\(object)")) }
        for object in 0..<plan.objects { _ = try ask(target(size, object), of: edge) }
        try awaitWritten()
        for object in 0..<plan.objects { try compare(size: size, object: object) }
        for proto in plan.protocols where proto != .http1 { try compareEncrypted(proto, size: size) }
        let inMemory = cluster.metric("vignette_cache_memory_bytes", of: "edge-1") ?? 0
        guard (inMemory >= Double(size * plan.objects)) == (tier == .memory) else {
            throw LoadTestError(
                .cluster,
                """
                the edge is to answer from its \(tier.rawValue) tier, and its memory tier holds \
                \(Format.bytes(inMemory))
                """)
        }
    }

    /// Targets of all objects of a size are this with their numbers behind it.
    func targets(_ size: Int) -> String { "/\(cluster.account)/tr:f-png/\(size)/" }

    private func target(_ size: Int, _ object: Int) -> String { targets(size) + "\(object)" }

    private func compare(size: Int, object: Int) throws {
        let target = target(size, object)
        // Its second answer is the first one from its cache.
        _ = try ask(target, of: nginx.endpoint)
        let before = try EdgeCounts.whenQuiet(cluster, stop: stop)
        let cached = try ask(target, of: nginx.endpoint)
        guard try EdgeCounts.whenQuiet(cluster, stop: stop).answers == before.answers else {
            throw LoadTestError(.noAnswer, "nginx does not keep what it fetched: it asked for \(target) again")
        }
        let own = try ask(target, of: edge)
        guard own.body.count == size else {
            throw LoadTestError(.noAnswer, "the edge answers \(target) with \(own.body.count) bytes, not \(size)")
        }
        if let difference = own.difference(from: cached) {
            throw LoadTestError(.noAnswer, "edge and nginx don't answer \(target) alike: \(difference)")
        }
    }

    /// What is said over TLS is what is said without it; of each size, one object shows it.
    private func compareEncrypted(_ proto: HitProtocol, size: Int) throws {
        let target = target(size, 0)
        let plain = try ask(target, of: edge)
        for server in HitServer.allCases {
            let encrypted = try WholeAnswer(target, of: url(of: server, proto), proto, folder: folder, stop: stop)
            if let difference = plain.difference(from: encrypted) {
                throw LoadTestError(
                    .noAnswer,
                    "\(server.rawValue) does not answer \(target) by \(proto.title) as without TLS: \(difference)")
            }
        }
    }

    private func ask(_ target: String, of endpoint: Endpoint) throws -> WholeAnswer {
        try stop.check()
        let answer = try WholeAnswer(target, of: endpoint)
        guard answer.status == 200 else {
            let error = answer.value(of: "ik-error") ?? "without a reason"
            throw LoadTestError(.noAnswer, "\(endpoint.url)\(target) was answered \(answer.status): \(error)")
        }
        return answer
    }

    private func awaitWritten() throws {
        let deadline = monotonicNow() + 60_000_000_000
        while cluster.metric("vignette_cache_pending_bytes", of: "edge-1") != 0 {
            guard monotonicNow() < deadline else {
                throw LoadTestError(.cluster, "the edge did not write its objects to the disk within a minute")
            }
            try stop.pause(seconds: 0.02)
        }
    }

    // MARK: Servers

    func pid(of server: HitServer) -> pid_t {
        switch server {
        case .edge: edgePID
        case .nginx: nginx.worker
        }
    }

    func endpoint(of server: HitServer) -> Endpoint {
        switch server {
        case .edge: edge
        case .nginx: nginx.endpoint
        }
    }

    /// Without a path.
    func url(of server: HitServer, _ proto: HitProtocol) -> String {
        if proto == .http1 { return endpoint(of: server).url }
        return "https://127.0.0.1:\(server == .edge ? tlsPort : nginx.tlsPort)"
    }
}
