import Curl
import Foundation
import Synchronization
import TestPrograms
import Testing

extension ClusterTests {
    @Suite(.enabled(if: Balancer.isInstalled, "needs Debian's haproxy")) struct Drains {
        /// As operators restart edges, one after the other, under load.
        @Test func noRequestIsLostWhileEdgesAreRestartedBehindABalancer() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            let names = (1...8).map { "\($0).jpg" }
            for (number, name) in names.enumerated() { photos.put(name, try TestPhotos.jpeg(UInt8(number))) }
            // Ten of the balancer's checks.
            let leave = "VIGNETTE_LISTEN_LEAVE_MS"
            try await Cluster.with(edges: 2, sources: photos.url, environment: [leave: "1000"]) { cluster in
                let balancer = try Balancer(over: cluster.edges)
                defer { balancer.end() }
                for edge in cluster.edges { try await balancer.wait(until: "UP", edge.name) }
                let restarts = Restarts()
                let (answers, failures) = try await withThrowingTaskGroup(of: (Int, [String]).self) { group in
                    for client in 0..<8 {
                        group.addTask { [names] in
                            var (answers, failures): (Int, [String]) = (0, [])
                            while !restarts.areDone.load(ordering: .relaxed) {
                                let path = "tr:w-99/\(names[(client + answers) % names.count])"
                                do {
                                    let answer = try await cluster.client.perform(
                                        CurlRequest(url: "\(balancer.url)/\(cluster.file.account)/\(path)"))
                                    if answer.status != 200 { failures.append("\(answer.status) for \(path)") }
                                } catch {
                                    failures.append("\(error)")
                                }
                                answers += 1
                            }
                            return (answers, failures)
                        }
                    }
                    for edge in cluster.edges {
                        try await cluster.node("stop", edge.name)
                        try await balancer.wait(until: "DOWN", edge.name)
                        try await cluster.node("start", edge.name, with: "\(leave)=1000")
                        try await balancer.wait(until: "UP", edge.name)
                    }
                    restarts.areDone.store(true, ordering: .relaxed)
                    return try await group.reduce(into: (0, [])) { $0 = ($0.0 + $1.0, $0.1 + $1.1) }
                }
                #expect(failures.isEmpty, "\(failures.count) of \(answers): \(Set(failures))")
                #expect(answers > 100)
                print("restarts behind a balancer: \(answers) requests, \(failures.count) failed")
            }
        }
    }
}

private final class Restarts: Sendable {
    let areDone = Atomic(false)
}

/// HAProxy in front of edges, as an operator would configure it: it asks each whether it is ready, ten times a second.
private final class Balancer: Sendable {
    let url: String
    private let statistics: String
    private let folder: String
    private let child: Child
    private let client: CurlClient

    private static let program = "/usr/sbin/haproxy"
    static var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: program) }

    init(over edges: [Cluster.File.Node]) throws {
        folder = try TemporaryFolder.make("balancer")
        client = try CurlClient()
        let base = FreePorts.base(edges: 2)
        (url, statistics) = ("http://127.0.0.1:\(base)", "http://127.0.0.1:\(base + 1)")
        let servers = edges.map { edge in
            let address = edge.publicURL?.split(separator: "/").last ?? ""
            let health = URL(string: edge.healthURL)?.port ?? 0
            return "    server \(edge.name) \(address) check port \(health)"
        }
        let configuration = """
            defaults
                mode http
                timeout connect 2s
                timeout client 30s
                timeout server 30s
                retries 3
                option redispatch
            frontend clients
                bind 127.0.0.1:\(base)
                default_backend edges
            backend edges
                balance roundrobin
                option httpchk GET /ready
                default-server inter 100ms fall 1 rise 1
            \(servers.joined(separator: "\n"))
            listen statistics
                bind 127.0.0.1:\(base + 1)
                stats enable
                stats uri /

            """
        try Data(configuration.utf8).write(to: URL(filePath: folder + "/haproxy.cfg"))
        child = try Child([Self.program, "-db", "-f", folder + "/haproxy.cfg"])
    }

    func end() {
        kill(child.pid, SIGTERM)
        child.wait()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// - Parameter state: `UP` or `DOWN`.
    func wait(until state: String, _ server: String) async throws {
        while true {
            let text = try? await client.perform(CurlRequest(url: statistics + "/;csv"))
            let lines = String(decoding: text?.body ?? [], as: UTF8.self).split(separator: "\n")
            if let line = lines.first(where: { $0.hasPrefix("edges,\(server),") }),
                line.split(separator: ",", omittingEmptySubsequences: false).dropFirst(17).first == Substring(state)
            {
                return
            }
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}
