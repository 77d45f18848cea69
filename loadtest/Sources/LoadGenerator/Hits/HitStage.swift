internal import Foundation
internal import Glibc

/// One origin, one edge and one nginx in front of it, each on its core.
///
/// Every body of a size is of the same bytes, under URLs of its own: both caches hold an object for each.
final class HitStage {
    let edge: Endpoint
    let edgePID: pid_t
    let nginx: TunedNginx
    private let cluster: ProofCluster
    private let tier: EdgeTier
    private let plan: HitsPlan
    private let folder: String
    private let sources: String
    private let wrk: WrkLoad
    private let h2load: H2Load
    private let edgeTLSPort: Int
    private let stop: RunStop

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
        let tls = try TLSFiles(folder: folder, stop: stop)
        edgeTLSPort = base + 602
        let environment = [
            "VIGNETTE_LISTEN_LOOPS": "1", "VIGNETTE_ACCESS_LOG_FILE": "off", "VIGNETTE_LOG_LEVEL": "warning",
            "VIGNETTE_LISTEN_TLS_PORT": "\(edgeTLSPort)", "VIGNETTE_LISTEN_TLS_CERTIFICATE": tls.certificate,
            "VIGNETTE_LISTEN_TLS_KEY": tls.key,
        ]
        cluster = try ProofCluster(
            ProofCluster.Setup(
                tools: URL(fileURLWithPath: plan.tools).path, data: folder + "/cluster", sources: sources, edges: 1,
                lease: 600, linkBase: nil, environment: environment),
            basePort: base)
        do {
            try stop.check()
            edge = cluster.edges[0]
            guard let pid = cluster.node("edge-1")?.pid else { throw LoadTestError(.cluster, "the edge does not run") }
            edgePID = pid
            try Cores.pin(edgePID, to: cores.server)
            nginx = try TunedNginx(
                port: base + 600, tlsPort: base + 601, tls, upstream: edge, folder: folder + "/nginx", cores: cores)
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
        let before = try awaitQuiet()
        let cached = try ask(target, of: nginx.endpoint)
        guard try awaitQuiet().answers == before.answers else {
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

    // MARK: Load

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

    private func base(_ server: HitServer, _ proto: HitProtocol) -> String {
        if proto == .http1 { return endpoint(of: server).url }
        return "https://127.0.0.1:\(server == .edge ? edgeTLSPort : nginx.tlsPort)"
    }

    func round(_ server: HitServer, _ proto: HitProtocol, size: Int, seconds: Int) throws -> HitRound {
        let counts = try awaitQuiet()
        let pid = pid(of: server)
        let cpu = cpuTime(ofProcess: pid)
        let base = base(server, proto)
        let load = try proto == .http2
            ? h2load.run(base, targets: targets(size), seconds: seconds)
            : wrk.run(base, targets: targets(size), seconds: seconds)
        // What was under way when time was up is answered, or given up, by then.
        try stop.pause(seconds: 0.1)
        let used = cpuTime(ofProcess: pid) - cpu
        let answered = try awaitQuiet().since(counts)
        let evidence = HitEvidence(
            server: server, size: size,
            underWay: proto == .http2 ? H2Load.connections * H2Load.streams : plan.connections, load: load.result, answers: answered.answers,
            reasons: answered.reasons)
        return HitRound(load.result, serverCPU: used, generatorCPU: load.cpuNanoseconds, failures: evidence.failures)
    }

    /// What the edge has answered when no client is connected to it any more. nginx keeps no connection to its
    /// upstream.
    private func awaitQuiet() throws -> EdgeCounts {
        let deadline = monotonicNow() + 10_000_000_000
        while true {
            let counts = try EdgeCounts(cluster)
            if counts.connections == 0 { return counts }
            guard monotonicNow() < deadline else {
                throw LoadTestError(
                    .cluster, "the edge still has \(counts.connections) connections, and nobody is connected")
            }
            try stop.pause(seconds: 0.02)
        }
    }
}

/// What the edge has answered so far, all read at one moment.
private struct EdgeCounts {
    /// By how the cache took part.
    private(set) var answers: [String: Int] = [:]
    /// Of those that were no plain hits: why.
    private(set) var reasons: [String: Int] = [:]
    let connections: Int

    init(_ cluster: ProofCluster) throws {
        guard let samples = cluster.samples(of: "edge-1"), let open = samples["vignette_http_connections"] else {
            throw LoadTestError(.cluster, "the edge does not tell what it has answered")
        }
        connections = Int(open)
        for (name, value) in samples {
            guard let label = name.split(separator: "\"").dropFirst().first.map(String.init) else { continue }
            if name.hasPrefix("vignette_http_requests_total{") { answers[label] = Int(value) }
            if name.hasPrefix("vignette_http_not_hit_total{") { reasons[label] = Int(value) }
        }
    }

    /// Only what has grown.
    func since(_ before: EdgeCounts) -> EdgeCounts {
        var counts = self
        counts.answers = answers.merging(before.answers) { $0 - $1 }.filter { $0.value > 0 }
        counts.reasons = reasons.merging(before.reasons) { $0 - $1 }.filter { $0.value > 0 }
        return counts
    }
}
