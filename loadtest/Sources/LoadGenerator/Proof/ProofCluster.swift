internal import Foundation
internal import Glibc
internal import Synchronization

/// A cluster of real processes that a proof starts, breaks and ends, by the operator's own scripts.
final class ProofCluster: Sendable {
    struct Node: Decodable, Sendable {
        var name: String
        var role: String
        var pid: Int32?
        var publicURL: String?
        var protocolURL: String?
        var metricsURL: String
    }

    private struct File: Decodable {
        var account: String
        var privateKey: String
        var apiURL: String
        var nodes: [Node]
    }

    struct Setup: Sendable {
        /// The folder with `up`, `down` and `node`.
        var tools: String
        /// Made by the run, and taken away at its end.
        var data: String
        var sources: String
        var edges: Int
        /// Seconds.
        var lease: Int
        /// Where edges reach the origin through relays: edge i at the port `linkBase` + i.
        var linkBase: Int?
        /// With it, edge i also listens at the base port + 600 + i.
        var tls: TLSFiles?
        /// Of all nodes, such as the sizes of their caches.
        var environment: [String: String]
    }

    let setup: Setup
    let account: String
    let privateKey: String
    let api: Endpoint
    let edges: [Endpoint]
    private let nodes: Mutex<[Node]>

    init(_ setup: Setup, basePort: Int) throws {
        self.setup = setup
        var arguments = [
            "--data", setup.data, "--sources", setup.sources, "--edges", "\(setup.edges)", "--lease", "\(setup.lease)",
            "--base-port", "\(basePort)", "--detach",
        ]
        if let linkBase = setup.linkBase { arguments += ["--link-base", "\(linkBase)"] }
        if let tls = setup.tls { arguments += ["--tls-certificate", tls.certificate, "--tls-key", tls.key] }
        try Self.run(setup.tools + "/up", arguments, setup.environment)
        let file = try Self.read(setup.data)
        account = file.account
        privateKey = file.privateKey
        api = try Endpoint(file.apiURL)
        edges = try file.nodes.compactMap { try $0.publicURL.map { try Endpoint($0) } }
        nodes = Mutex(file.nodes)
    }

    var names: [String] { nodes.withLock { $0.map(\.name) } }

    func node(_ name: String) -> Node? {
        nodes.withLock { $0.first { $0.name == name } }
    }

    /// Ends it as a crash would: at once, from here, so that the instant is the caller's. False when it does not run.
    func kill(_ name: String) -> Bool {
        guard let pid = node(name)?.pid, Glibc.kill(pid, SIGKILL) == 0 else { return false }
        nodes.withLock { nodes in
            for index in nodes.indices where nodes[index].name == name { nodes[index].pid = nil }
        }
        Self.waitForEnd(of: pid)
        return true
    }

    /// Starts it again and returns when it is ready.
    /// - Parameters:
    ///   - environment: of this node alone: names and values.
    ///   - namespace: the network namespace that it runs in; nil is this process's own.
    func start(_ name: String, environment: [String: String] = [:], in namespace: String? = nil) throws {
        let own = environment.sorted { $0.key < $1.key }.flatMap { ["--with", "\($0.key)=\($0.value)"] }
        let command = [setup.tools + "/node", "start", name, "--data", setup.data] + own
        try Self.run("/usr/bin/env", (namespace.map { ["ip", "netns", "exec", $0] } ?? []) + command, setup.environment)
        let read = try Self.read(setup.data).nodes
        nodes.withLock { $0 = read }
    }

    /// Stops a process where it stands; returns when none of its threads runs any more.
    func pause(_ name: String) -> Bool {
        guard let pid = node(name)?.pid, Glibc.kill(pid, SIGSTOP) == 0 else { return false }
        while ProcessTable.states(of: pid).contains(where: { $0 != "T" && $0 != "t" }) { sched_yield() }
        return true
    }

    func resume(_ name: String) {
        if let pid = node(name)?.pid { Glibc.kill(pid, SIGCONT) }
    }

    /// Ends every process of the cluster. The data stay.
    func down() throws {
        try Self.run(setup.tools + "/down", ["--data", setup.data], [:])
    }

    /// The sum of a metric over its labels; nil when the node does not answer.
    func metric(_ name: String, of node: String) -> Double? {
        samples(of: node)?.filter { $0.key == name || $0.key.hasPrefix(name + "{") }.values.reduce(0, +)
    }

    /// Everything that a node counts at one moment, by name and labels as it writes them; nil when it does not answer.
    func samples(of node: String) -> [String: Double]? {
        guard let url = self.node(node)?.metricsURL, let parts = URLComponents(string: url),
            let endpoint = try? Endpoint("http://\(parts.host ?? ""):\(parts.port ?? 0)"),
            let answer = BlockingClient(endpoint, patience: 5).get(parts.path)
        else { return nil }
        var samples: [String: Double] = [:]
        for line in String(decoding: answer.body, as: UTF8.self).split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " ") else { continue }
            samples[String(line[..<space])] = Double(line[space...].dropFirst())
        }
        return samples
    }

    /// The last lines that every node wrote, for a message.
    func logs(lines: Int = 8) -> String {
        names.map { name in
            let log = (try? String(contentsOfFile: "\(setup.data)/nodes/\(name)/log", encoding: .utf8)) ?? ""
            return "--- \(name)\n" + log.split(separator: "\n").suffix(lines).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    private static func read(_ data: String) throws -> File {
        let path = data + "/cluster.json"
        do {
            return try JSONDecoder().decode(File.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw LoadTestError(.cluster, "can't read \(path), which cluster/up writes: \(reason(error))")
        }
    }

    private static func waitForEnd(of pid: Int32) {
        // A zombie that nobody has reaped yet holds neither ports nor locks.
        while ProcessTable.states(of: pid).contains(where: { $0 != "Z" && $0 != "X" }) { sched_yield() }
    }

    static func run(_ executable: String, _ arguments: [String], _ environment: [String: String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // To a file, not a pipe: nodes inherit it, and a pipe would not end before they do.
        let output = NSTemporaryDirectory() + "/vignette-proof-\(UInt64.random(in: 0 ... .max))"
        try Data().write(to: URL(fileURLWithPath: output))
        defer { try? FileManager.default.removeItem(atPath: output) }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        do { try process.run() } catch {
            throw LoadTestError(.cluster, "can't run \(executable): \(reason(error)). Run this in Vignette's folder, or name the scripts' folder with --tools")
        }
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
            throw LoadTestError(.cluster, "\(executable) \(arguments.joined(separator: " ")): \(text)")
        }
    }
}

/// Processes as /proc shows them.
enum ProcessTable {
    /// The state letter of every thread; empty when there is no such process.
    static func states(of pid: Int32) -> [Character] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        return tasks.compactMap { fields(of: "/proc/\(pid)/task/\($0)/stat").first?.first }
    }

    /// CPU time that the process's threads of now have used: nanoseconds. A thread that has ended is not in it.
    static func cpuNanoseconds(of pid: Int32) -> UInt64 {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        return tasks.reduce(0) { sum, task in
            let text = (try? String(contentsOfFile: "/proc/\(pid)/task/\(task)/schedstat", encoding: .utf8)) ?? ""
            return sum + (text.split(separator: " ").first.flatMap { UInt64($0) } ?? 0)
        }
    }

    /// Resident bytes; 0 when there is no such process.
    static func residentBytes(of pid: Int32) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)) ?? ""
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
    }

    /// What follows the program's name, which may hold spaces.
    private static func fields(of path: String) -> [Substring] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8), let end = text.lastIndex(of: ")") else { return [] }
        return text[text.index(after: end)...].split(separator: " ")
    }
}

/// A base port whose ports are all free at this moment.
enum FreePorts {
    /// - Parameter links: ports that relays need too, from the base + 500 on.
    static func base(edges: Int, links: Bool = false) -> Int {
        while true {
            let base = Int.random(in: 120...300) * 100
            var ports = (1...edges).flatMap { [base + $0, base + 300 + $0] } + [base + 100, base + 200, base + 401]
            if links { ports += (1...edges).map { base + 500 + $0 } }
            if ports.allSatisfy(isFree) { return base }
        }
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = TCPSocket.listen(port: port)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }
}
