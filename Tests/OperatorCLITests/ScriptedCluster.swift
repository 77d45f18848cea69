import Foundation
import TestPrograms

/// A cluster of stand-ins in a folder of its own, driven by the repository's scripts.
struct ScriptedCluster {
    struct File: Decodable {
        struct Node: Decodable {
            var name: String
            var pid: Int32?
            var publicURL: String?

            /// Whether its process lives. One that has ended but was not reaped yet does not.
            var isRunning: Bool {
                guard let pid, let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
                let state = stat.split(separator: ")").last?.first { $0 != " " }
                return state != "Z" && state != "X"
            }
        }

        var endpoint: String
        var apiURL: String
        var privateKey: String
        var nodes: [Node]
    }

    struct NoFreePorts: Error {}

    let port: Int
    private let folder = FileManager.default.temporaryDirectory.appending(path: "vignette-cluster-\(UUID().uuidString)")

    var data: String { folder.appending(path: "data").path }
    var sources: String { folder.appending(path: "photos").path }
    var file: String { "\(data)/cluster.json" }

    init() throws {
        port = try Self.freePorts()
        let binaries = folder.appending(path: "bin")
        try FileManager.default.createDirectory(at: binaries, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: sources, withIntermediateDirectories: true)
        try Data().write(to: folder.appending(path: "photos/a.jpg"))
        for name in ["vignette-edge", "vignette-origin"] {
            let path = binaries.appending(path: name).path
            try Data(Self.standIn.utf8).write(to: URL(filePath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
    }

    func arguments(data: String) -> [String] {
        ["--data", data, "--sources", sources, "--edges", "2", "--base-port", "\(port)", "--detach"]
    }

    func up(_ environment: [String: String] = [:]) async throws -> (status: Int32, output: String) {
        try await run("up", arguments(data: data), environment)
    }

    func down(_ environment: [String: String] = [:]) async throws -> (status: Int32, output: String) {
        try await run("down", ["--data", data], environment)
    }

    func node(_ action: String, _ name: String) async throws -> (status: Int32, output: String) {
        try await run("node", [action, name, "--data", data])
    }

    func run(
        _ script: String, _ arguments: [String], _ environment: [String: String] = [:]
    ) async throws -> (status: Int32, output: String) {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let own = ["VIGNETTE_BIN": folder.appending(path: "bin").path, "VIGNETTE_STOP_TIMEOUT": "20"]
        return try await Program.run(
            repository.appending(path: "cluster/\(script)"), arguments,
            environment: ProcessInfo.processInfo.environment.merging(own) { $1 }.merging(environment) { $1 }
        )
    }

    func read() throws -> File {
        try JSONDecoder().decode(File.self, from: Data(contentsOf: URL(filePath: file)))
    }

    func remove() async {
        if FileManager.default.fileExists(atPath: data) { _ = try? await down() }
        try? FileManager.default.removeItem(at: folder)
    }

    /// A base port around which everything that two edges and an origin listen on is free, below the kernel's own range.
    private static func freePorts() throws -> Int {
        for _ in 0..<100 {
            let base = Int.random(in: 11_000...31_000)
            if [1, 2, 100, 200, 301, 302, 401].allSatisfy({ isFree(base + $0) }) { return base }
        }
        throw NoFreePorts()
    }

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static let standIn = """
        #!/usr/bin/env python3
        import http.server, json, os, signal, sys, threading

        config = json.load(open(sys.argv[2]))
        name = config["node"]["name"]
        mode = os.environ.get("STANDIN_" + name.replace("-", "_"), "")
        print("stand-in", name, flush=True)
        if mode == "dies":
            sys.exit("the cache cannot be opened")
        signal.signal(signal.SIGTERM, signal.SIG_IGN if mode == "deaf" else signal.SIG_DFL)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                status, text = (503, b"no lease yet\\n") if mode == "never" else (200, b"ready\\n")
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *arguments):
                pass

        servers = [
            http.server.ThreadingHTTPServer((config[key]["host"], config[key]["port"]), Handler)
            for key in ("listen", "api", "protocol", "telemetry") if key in config
        ]
        for server in servers[:-1]:
            threading.Thread(target=server.serve_forever, daemon=True).start()
        servers[-1].serve_forever()

        """
}
