import Foundation
import TestPrograms
import Testing

/// The scripts' own duties, with a stand-in for the nodes that is ready at once, late, or never.
@Suite("cluster/up, cluster/node and cluster/down", .serialized)
struct ClusterScriptTests {
    @Test("up, kill, start, stop, down: cluster.json always tells the truth")
    func life() async throws {
        try await withCluster { cluster in
            let up = try await cluster.up()
            #expect(up.status == 0, "\(up.output)")
            let first = try cluster.read()
            #expect(first.nodes.map(\.name) == ["edge-1", "edge-2", "origin-1"])
            #expect(first.endpoint == "http://127.0.0.1:\(cluster.port + 1)/demo")
            #expect(first.apiURL == "http://127.0.0.1:\(cluster.port + 100)")
            #expect(first.nodes.allSatisfy { $0.isRunning })

            #expect(try await cluster.node("kill", "edge-2").status == 0)
            #expect(try cluster.read().nodes[1].pid == nil)
            #expect(!first.nodes[1].isRunning)
            #expect(try await cluster.node("kill", "edge-2").output.contains("edge-2 is not running"))
            #expect(try await cluster.node("start", "edge-2").status == 0)
            #expect(try cluster.read().nodes[1].pid != first.nodes[1].pid)
            #expect(try await cluster.node("start", "edge-2").output.contains("edge-2 already runs"))
            #expect(try await cluster.node("stop", "origin-1").output.contains("origin-1 has ended."))
            #expect(try await cluster.node("start", "edge-7").output.contains("there is no node 'edge-7'"))

            let again = try await cluster.up()
            #expect(again.status == 1 && again.output.contains("a cluster already runs in"))
            let last = try cluster.read()
            let down = try await cluster.down()
            #expect(down.output.contains("Ended: edge-1 edge-2."))
            #expect(!last.nodes.contains { $0.isRunning })
            #expect(!FileManager.default.fileExists(atPath: cluster.file))
        }
    }

    @Test("a folder of a stopped cluster starts again with its keys and settings")
    func oldFolder() async throws {
        try await withCluster { cluster in
            _ = try await cluster.up()
            let before = try cluster.read()
            _ = try await cluster.down()
            let again = try await cluster.run("up", ["--data", cluster.data, "--detach"])
            #expect(again.status == 0, "\(again.output)")
            let after = try cluster.read()

            #expect(after.privateKey == before.privateKey)
            #expect(after.nodes.map(\.publicURL) == before.nodes.map(\.publicURL))
        }
    }

    @Test("a pid file whose number now belongs to another process harms neither")
    func stalePid() async throws {
        try await withCluster { cluster in
            _ = try await cluster.up()
            _ = try await cluster.down()
            let stranger = try Child(["sleep", "1000"])
            defer {
                kill(stranger.pid, SIGKILL)
                stranger.wait()
            }
            try Data("\(stranger.pid)\n1 2\n".utf8).write(to: URL(filePath: "\(cluster.data)/nodes/edge-1/pid"))

            #expect(try await cluster.down().output.contains("No node was running"))
            #expect(try await cluster.up().status == 0)
            #expect(waitpid(stranger.pid, nil, WNOHANG) == 0, "it runs on")
        }
    }

    @Test("a node that does not come up: its last log lines, and nothing left running", arguments: [
        ("dies", "edge-2 ended before it was ready.", "the cache cannot be opened"),
        ("never", "edge-2 was not ready within 2 s. It says: no lease yet", "stand-in edge-2"),
    ])
    func failedStart(mode: String, reason: String, logLine: String) async throws {
        try await withCluster { cluster in
            let up = try await cluster.up(["STANDIN_edge_2": mode, "VIGNETTE_READY_TIMEOUT": mode == "never" ? "2" : "30"])

            #expect(up.status == 1)
            #expect(up.output.contains(reason), "\(up.output)")
            #expect(up.output.contains(logLine), "\(up.output)")
            #expect(!FileManager.default.fileExists(atPath: cluster.file))
            #expect(try await cluster.down().output.contains("No node was running"))
        }
    }

    @Test("a taken port is named with who has it")
    func takenPort() async throws {
        try await withCluster { cluster in
            _ = try await cluster.up()
            let other = cluster.data + "-other"
            let second = try await cluster.run("up", cluster.arguments(data: other))
            _ = try await cluster.run("down", ["--data", other])
            try? FileManager.default.removeItem(atPath: other)

            #expect(second.status == 1)
            #expect(second.output.contains("port \(cluster.port + 100), which origin-1 needs, is taken by"))
            #expect(second.output.contains("\(cluster.data)/nodes/origin-1/config.json"), "\(second.output)")
        }
    }

    @Test("a node that does not end is killed, and that is said")
    func deafNode() async throws {
        try await withCluster { cluster in
            _ = try await cluster.up(["STANDIN_edge_1": "deaf"])
            let deaf = try cluster.read().nodes[0]
            #expect(deaf.isRunning)
            let down = try await cluster.down(["VIGNETTE_STOP_TIMEOUT": "1"])

            #expect(down.output.contains("edge-1 did not end within 1 s and was killed."))
            #expect(!deaf.isRunning)
        }
    }

    @Test("wrong usage is refused before anything is touched", arguments: [
        (["--edges", "0", "--sources", "."], 2, "--edges takes a number from 1 to 98"),
        (["--origins", "2", "--sources", "."], 2, "several origins need the PostgreSQL journal"),
        (["--lease", "1.5", "--sources", "."], 2, "--lease takes a number"),
        (["--sources", "ftp://127.0.0.1/"], 2, "only http:// and https://"),
        (["--sources", "/nowhere"], 1, "there is no folder '/nowhere'"),
        (["--sources", ".", "--tls-key", "/dev/null"], 2, "--tls-certificate and --tls-key go together"),
        (["--sources", ".", "--tls-key", "/nowhere"], 1, "there is no file '/nowhere' to read (--tls-key)"),
        ([], 2, "--sources is missing"), (["--wings", "2"], 2, "unknown option '--wings'"),
    ])
    func usage(arguments: [String], status: Int32, words: String) async throws {
        try await withCluster { cluster in
            let up = try await cluster.run("up", ["--data", cluster.data, "--detach"] + arguments)

            #expect(up.status == status)
            #expect(up.output.contains(words), "\(up.output)")
            #expect(!FileManager.default.fileExists(atPath: cluster.data))
        }
    }

    @Test("a folder with something else in it is left alone")
    func foreignFolder() async throws {
        try await withCluster { cluster in
            let up = try await cluster.run("up", cluster.arguments(data: cluster.sources))

            #expect(up.status == 1)
            #expect(up.output.contains("is neither empty nor a cluster's data folder"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: cluster.sources) == ["a.jpg"])
        }
    }

    private func withCluster(_ body: (ScriptedCluster) async throws -> Void) async throws {
        let cluster = try ScriptedCluster()
        do {
            try await body(cluster)
        } catch {
            await cluster.remove()
            throw error
        }
        await cluster.remove()
    }
}
