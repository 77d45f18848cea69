import Foundation
import Testing

@testable import OperatorCLI

@Suite("purge, erase and lift")
struct CommandRunTests {
    private let purge = ClusterCommand(kind: .purge, scope: .source("bridge.jpg"))
    private let transcript = Transcript()

    @Test("a command that is not waited for tells its revision and how to follow it")
    func accepted() async throws {
        let cluster = FakeCluster([.json(201, #"{"revision": 17}"#)])
        let status = try await run(purge, on: cluster, timeout: nil)

        #expect(status == .done)
        #expect(
            transcript.output
                == "Purge of source 'bridge.jpg': accepted as revision 17. `vignette status 17` tells when it is completed."
        )
        #expect(cluster.requests.map(\.method) == ["POST"])
        #expect(cluster.requests[0].url == "http://127.0.0.1:8100/vignette/v1/commands")
        #expect(cluster.requests[0].headers["Authorization"] == "Basic cHJpdmF0ZV94Og==")
        #expect(cluster.requests[0].text == #"{"kind":"purge","scope":{"source":"bridge.jpg"}}"#)
    }

    @Test("each kind and scope is sent as the API has it", arguments: [
        (ClusterCommand(kind: .purge, scope: .url("http://h/demo/a.jpg")), #"{"kind":"purge","scope":{"url":"http://h/demo/a.jpg"}}"#),
        (ClusterCommand(kind: .purge, scope: .all), #"{"kind":"purge","scope":{"all":true}}"#),
        (ClusterCommand(kind: .softPurge, scope: .tag("t")), #"{"kind":"soft-purge","scope":{"tag":"t"}}"#),
        (ClusterCommand(kind: .purge, scope: .prefix("a/b")), #"{"kind":"purge","scope":{"prefix":"a/b"}}"#),
        (ClusterCommand(kind: .purge, scope: .site("shop")), #"{"kind":"purge","scope":{"site":"shop"}}"#),
        (ClusterCommand(kind: .erase, scope: .source("a\"b.jpg")), #"{"kind":"erase","scope":{"source":"a\"b.jpg"}}"#),
        (ClusterCommand(kind: .lift, scope: .source("a.jpg")), #"{"kind":"lift","scope":{"source":"a.jpg"}}"#),
    ])
    func bodies(command: ClusterCommand, body: String) async throws {
        let cluster = FakeCluster([.json(201, #"{"revision": 1}"#)])
        _ = try await run(command, on: cluster, timeout: nil)

        #expect(cluster.requests[0].text == body)
    }

    @Test("a node is forgotten, or declared dead, by its own address", arguments: [
        (ClusterCommand(kind: .forget, scope: .node("edge 2")), "edge%202/forget", "Forgetting of node 'edge 2'"),
        (ClusterCommand(kind: .declareDead, scope: .node("e/2")), "e%2F2/declare-dead", "Declaring dead of node 'e/2'"),
    ])
    func nodes(command: ClusterCommand, path: String, words: String) async throws {
        let cluster = FakeCluster([.json(201, #"{"revision": 5}"#)])
        _ = try await run(command, on: cluster, timeout: nil)

        #expect(cluster.requests[0].method == "POST")
        #expect(cluster.requests[0].url == "http://127.0.0.1:8100/vignette/v1/nodes/\(path)")
        #expect(transcript.output.hasPrefix("\(words): accepted as revision 5."))
    }

    @Test("--wait-removed goes on after Completed until the bytes are destroyed, and tells who destroyed what")
    func waitsUntilRemoved() async throws {
        let cluster = FakeCluster([
            .json(201, #"{"revision": 17}"#),
            .json(200, erased("Pending", #"{"name": "edge-2", "state": "pending"}"#)),
            .json(200, erased("Removed", #"{"name": "edge-2", "state": "unproven"}"#)),
        ])
        let status = try await run(
            ClusterCommand(kind: .erase, scope: .source("a.jpg")), on: cluster, timeout: .seconds(600), until: .removed)

        #expect(status == .done)
        #expect(transcript.notices == "Completed. Waiting for edge-2 to destroy the bytes …")
        let lines = transcript.output.split(separator: "\n")
        #expect(lines[0].wholeMatch(of: /Erase of source 'a\.jpg': revision 17, completed and removed in .*\./) != nil)
        #expect(Array(lines[1...]) == [
            "  edge-1  applied at 2026-11-24T22:31:22.131Z",
            "Removed at 2026-11-24T22:31:23.131Z:",
            "  edge-1  removed 3 objects, 12345 bytes, at 2026-11-24T22:31:22.200Z",
            "  edge-2  unproven: forgotten or declared dead before it reported, so its disk may hold the bytes",
        ])
        #expect(cluster.requests[1].url == "http://127.0.0.1:8100/vignette/v1/commands/17?removed=1&wait=1")
    }

    @Test("--wait-removed that outlasts --timeout says that it is not removed")
    func notRemoved() async throws {
        let cluster = FakeCluster([
            .json(201, #"{"revision": 17}"#), .json(200, erased("Pending", #"{"name": "edge-2", "state": "pending"}"#)),
        ])
        let status = try await run(
            ClusterCommand(kind: .erase, scope: .source("a.jpg")), on: cluster, timeout: .milliseconds(20), until: .removed)

        #expect(status == .timedOut)
        #expect(transcript.notices.contains("is revision 17 and is not removed everywhere within 20 ms."))
    }

    @Test("--wait returns when the command is completed, tells who was waited for, and names who was waited out")
    func waits() async throws {
        let cluster = FakeCluster([
            .json(201, #"{"revision": 17}"#),
            .json(200, progress("Pending", #"{"name": "edge-2", "state": "waiting", "atMostMilliseconds": 580400}"#)),
            .json(200, progress("Completed", #"{"name": "edge-2", "state": "lease-run-out"}"#)),
        ])
        let status = try await run(purge, on: cluster, timeout: .seconds(600))

        #expect(status == .done)
        #expect(transcript.notices == "Waiting for edge-2 (at most 9 min 40 s) …")
        let lines = transcript.output.split(separator: "\n")
        #expect(lines[0].wholeMatch(of: /Purge of source 'bridge\.jpg': revision 17, completed in .*\./) != nil)
        #expect(lines[1] == "  edge-1    applied")
        #expect(lines[2] == "  edge-2    waited out: its lease ran out, and it answers nothing until it has caught up")
        #expect(lines[3] == "  origin-1  applied")
        #expect(cluster.requests[1].url == "http://127.0.0.1:8100/vignette/v1/commands/17?wait=1")
        #expect(cluster.requests[2].url == "http://127.0.0.1:8100/vignette/v1/commands/17?wait=30")
        #expect(cluster.requests[2].patience > .seconds(30))
    }

    @Test("--json prints one object with the command, its nodes and the time taken")
    func json() async throws {
        let cluster = FakeCluster([
            .json(201, #"{"revision": 17}"#), .json(200, progress("Completed", #"{"name": "edge-2", "state": "applied"}"#)),
        ])
        _ = try await run(purge, on: cluster, timeout: .seconds(600), asJSON: true)
        let object = try #require(JSONSerialization.jsonObject(with: Data(transcript.output.utf8)) as? [String: Any])

        #expect(Set(object.keys) == ["kind", "scope", "revision", "status", "nodes", "elapsedMilliseconds"])
        #expect(object["revision"] as? Int == 17)
        #expect(object["status"] as? String == "Completed")
        #expect((object["scope"] as? [String: String]) == ["source": "bridge.jpg"])
        #expect((object["nodes"] as? [[String: Any]])?.count == 3)
    }

    @Test("a command that outlasts --timeout ends as timed out and says how to follow it")
    func timeout() async throws {
        let cluster = FakeCluster([
            .json(201, #"{"revision": 17}"#),
            .json(200, progress("Pending", #"{"name": "edge-2", "state": "waiting"}"#)),
        ])
        let status = try await run(purge, on: cluster, timeout: .milliseconds(20))

        #expect(status == .timedOut)
        #expect(transcript.notices.hasSuffix(
            "Purge of source 'bridge.jpg' is revision 17 and is not completed within 20 ms. It goes on: "
                + "`vignette status 17` tells how far it is."
        ))
        #expect(transcript.output == "")
    }

    @Test("an origin that restarts while the command is waited for does not end the wait")
    func originRestarts() async throws {
        let cluster = FakeCluster([
            .json(201, #"{"revision": 17}"#), .silence, .json(503, #"{"message": "starting"}"#),
            .json(200, progress("Completed", #"{"name": "edge-2", "state": "applied"}"#)),
        ])
        let status = try await run(purge, on: cluster, timeout: .seconds(600))

        #expect(status == .done)
        #expect(transcript.output.contains("revision 17, completed in"))
    }

    @Test("what the API refuses, and an API that is not there, end with what to do", arguments: [
        (
            FakeCluster.Answer.json(401, #"{"message": "Your account cannot be authenticated.", "help": "Check the key."}"#),
            "The API at http://127.0.0.1:8100 refuses the private key of cluster.json (401). "
                + "Your account cannot be authenticated. Check the key."
        ),
        (
            .json(400, #"{"message": "The URL is not valid for cache purging.", "help": ""}"#),
            "The API at http://127.0.0.1:8100 answers 400. The URL is not valid for cache purging."
        ),
        (.json(502, "<html>"), "The API at http://127.0.0.1:8100 answers 502."),
        (.json(503, ""), "The API at http://127.0.0.1:8100 cannot do it now (503)."),
        (
            .silence,
            "The cluster's API at http://127.0.0.1:8100 does not answer: Nobody listens on 127.0.0.1:8100. Is the cluster up?"
        ),
        (
            .json(201, #"{"number": 17}"#),
            "The API at http://127.0.0.1:8100 answers 201 with what this version of vignette cannot read: "
                + "there is no 'revision'."
        ),
        (
            .json(200, "it works"),
            "The API at http://127.0.0.1:8100 answers 200 with what this version of vignette cannot read: it is not JSON."
        ),
    ])
    func errors(answer: FakeCluster.Answer, message: String) async throws {
        let error = await #expect(throws: OperatorError.self) {
            try await run(purge, on: FakeCluster([answer]), timeout: .seconds(600))
        }

        #expect(error?.description == message)
    }

    @Test("durations are told as people say them", arguments: [
        (0.0004, "0 ms"), (0.0124, "12 ms"), (3.44, "3.4 s"), (59.4, "59 s"), (580.4, "9 min 40 s"), (7260, "2 h 1 min"),
    ])
    func durations(seconds: Double, words: String) {
        #expect(Duration.seconds(seconds).inWords == words)
    }

    private func run(
        _ command: ClusterCommand, on cluster: FakeCluster, timeout: Duration?, asJSON: Bool = false,
        until mark: CommandRun.Mark = .completed
    ) async throws -> Outcome {
        let run = CommandRun(
            api: OperatorAPI(cluster: .sample, http: cluster), console: transcript.console, asJSON: asJSON,
            mark: mark, timeout: timeout, pause: .milliseconds(1)
        )
        return try await run.run(command)
    }

    private func progress(_ status: String, _ node: String) -> String {
        """
        {"revision": 17, "kind": "purge", "scope": {"source": "bridge.jpg"}, "status": "\(status)", "nodes": [
          {"name": "origin-1", "state": "applied"}, \(node), {"name": "edge-1", "state": "applied"}]}
        """
    }
}

private func erased(_ status: String, _ node: String) -> String {
    """
    {"revision": 17, "kind": "erase", "scope": {"source": "a.jpg"}, "status": "Completed",
     "nodes": [{"name": "edge-1", "state": "applied", "at": "2026-11-24T22:31:22.131Z"}],
     "removal": {"status": "\(status)", "at": "2026-11-24T22:31:23.131Z", "nodes": [\(node),
       {"name": "edge-1", "state": "removed", "objects": 3, "bytes": 12345, "at": "2026-11-24T22:31:22.200Z"}]}}
    """
}

extension OperatorRequest {
    fileprivate var text: String { String(decoding: body ?? [], as: UTF8.self) }
}
