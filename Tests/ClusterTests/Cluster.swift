import Curl
import Foundation
import Glibc
import TestPrograms
import Testing

/// A cluster of real processes on loopback, started by `cluster/up` and ended by `cluster/down`.
final class Cluster: Sendable {
    struct File: Decodable, Sendable {
        struct Node: Decodable, Sendable {
            var name: String
            var role: String
            var pid: Int32?
            var publicURL: String?
            var metricsURL: String
            var healthURL: String
        }

        var account: String
        var endpoint: String
        var privateKey: String
        var apiURL: String
        var nodes: [Node]
    }

    let data: String
    let file: File
    let client: CurlClient

    static let repository = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    /// Where the executables of this build lie: beside the test runner.
    static let binaries = URL(fileURLWithPath: (try? FileManager.default.destinationOfSymbolicLink(
        atPath: "/proc/self/exe")) ?? "").deletingLastPathComponent().path

    init(
        edges: Int = 3, sources: String, lease: Int = 600, environment: [String: String] = [:]
    ) async throws {
        data = try TemporaryFolder.make("cluster")
        client = try CurlClient()
        let up = try await Self.run(
            "cluster/up",
            [
                "--edges", "\(edges)", "--data", data, "--base-port", "\(FreePorts.base(edges: edges))", "--sources", sources,
                "--lease", "\(lease)", "--detach",
            ], environment: environment)
        guard up.status == 0 else { throw ClusterFailure("cluster/up: \(up.output)") }
        file = try JSONDecoder().decode(File.self, from: Data(contentsOf: URL(fileURLWithPath: data + "/cluster.json")))
    }

    /// Ends every process of the cluster and takes its folder away.
    func down() async throws {
        let down = try await Self.run("cluster/down", ["--data", data])
        #expect(down.status == 0, "cluster/down: \(down.output)")
        try FileManager.default.removeItem(atPath: data)
    }

    /// Runs `body` on a fresh cluster and ends it, whatever happens.
    static func with(
        edges: Int = 3, sources: String, lease: Int = 600, environment: [String: String] = [:],
        _ body: (Cluster) async throws -> Void
    ) async throws {
        let cluster = try await Cluster(edges: edges, sources: sources, lease: lease, environment: environment)
        do {
            try await body(cluster)
        } catch {
            Issue.record("\(error)\n\(cluster.logs())")
        }
        try await cluster.down()
    }

    var edges: [File.Node] { file.nodes.filter { $0.role == "edge" } }

    /// - Parameter variable: for a start: `NAME=value`, for that node alone.
    func node(_ verb: String, _ name: String, with variable: String? = nil) async throws {
        let result = try await Self.run(
            "cluster/node", [verb, name, "--data", data] + (variable.map { ["--with", $0] } ?? []))
        guard result.status == 0 else { throw ClusterFailure("cluster/node \(verb) \(name): \(result.output)") }
    }

    /// The operator's command line, against this cluster.
    func vignette(_ arguments: String...) async throws -> (status: Int32, output: String) {
        try await Self.run(
            Self.binaries + "/vignette", arguments, environment: ["VIGNETTE_CLUSTER": data + "/cluster.json"])
    }

    /// One request to one edge; `path` follows the account.
    func get(_ edge: Int, _ path: String, accept: String = "") async throws -> CurlResponse {
        try await raw(edge, "/\(file.account)/\(path)", accept: accept)
    }

    func raw(_ edge: Int, _ target: String, accept: String = "") async throws -> CurlResponse {
        try await client.perform(
            CurlRequest(
                url: edges[edge].publicURL! + target, headers: accept.isEmpty ? [] : [("Accept", accept)],
                timeouts: CurlTimeouts(connect: .seconds(5), total: .seconds(60), stall: nil)))
    }

    /// The value of a metric without labels, or the sum over its labels.
    func metric(_ name: String, of node: String) async throws -> Double {
        let url = file.nodes.first { $0.name == node }!.metricsURL
        let text = String(decoding: try await client.perform(CurlRequest(url: url)).body, as: UTF8.self)
        return text.split(separator: "\n").filter { $0.hasPrefix(name + " ") || $0.hasPrefix(name + "{") }
            .compactMap { Double($0.split(separator: " ").last ?? "") }.reduce(0, +)
    }

    func logs() -> String {
        file.nodes.map { node in
            let log = (try? String(contentsOfFile: "\(data)/nodes/\(node.name)/log", encoding: .utf8)) ?? ""
            return "--- \(node.name)\n" + log.split(separator: "\n").suffix(15).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    static func run(
        _ executable: String, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> (status: Int32, output: String) {
        try await Program.run(
            [executable.hasPrefix("/") ? executable : repository + "/" + executable] + arguments,
            environment: ProcessInfo.processInfo.environment
                .merging(["VIGNETTE_BIN": binaries]) { $1 }.merging(environment) { $1 })
    }
}

struct ClusterFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

enum TemporaryFolder {
    static func make(_ name: String) throws -> String {
        let path = NSTemporaryDirectory() + "/vignette-\(name)-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }
}

enum FreePorts {
    /// A base port whose ports are all free now.
    static func base(edges: Int) -> Int {
        while true {
            let base = Int.random(in: 120...300) * 100
            let ports = (1...edges).flatMap { [base + $0, base + 300 + $0] } + [base + 100, base + 200, base + 401]
            if ports.allSatisfy(isFree) { return base }
        }
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
