import Testing

@testable import OperatorCLI

@Suite("status")
struct StatusRunTests {
    private let transcript = Transcript()

    @Test("the whole cluster: revision, nodes with lease and readiness, last commands")
    func wholeCluster() async throws {
        let cluster = ByURL([
            "/vignette/v1/status": .json(200, """
                {"revision": 18, "nodes": [
                   {"name": "edge-1", "state": "active", "acknowledged": 17, "leaseMilliseconds": 580000},
                   {"name": "edge-2", "state": "forgotten", "leaseMilliseconds": 2000},
                   {"name": "edge-3", "state": "left", "acknowledged": 3, "leaseMilliseconds": 0}],
                 "commands": [{"revision": 18, "kind": "erase", "scope": {"source": "wine.jpg"}, "status": "Pending"},
                              {"revision": 17, "kind": "purge", "scope": {"all": true}, "status": "Completed"},
                              {"revision": 16, "kind": "configure", "scope": {"configuration": true}, "status": "Completed"},
                              {"revision": 15, "kind": "purge", "scope": {}, "status": "Completed"}]}
                """),
            ":8301/ready": .json(200, "ready\n"),
            ":8401/ready": .json(503, "the journal is being read\n"),
        ])
        let status = try await StatusRun(cluster: .sample, http: cluster, console: transcript.console).run()

        #expect(status == .done)
        #expect(
            transcript.output == """
                Cluster 'demo': revision 18.
                  edge-1    ready; applied up to 17, lease for 9 min 40 s
                  edge-2    not in cluster.json; forgotten, lease for 2.0 s
                  edge-3    not in cluster.json; left, applied up to 3, no lease
                  origin-1  not ready: the journal is being read; no member yet
                Last commands:
                  18  erase of source 'wine.jpg': pending
                  17  purge of everything: completed
                  16  configure of the configuration: completed
                  15  purge of something that a later version named: completed
                """
        )
    }

    @Test("without the API the nodes still tell how they are, and the command fails")
    func withoutAPI() async throws {
        let cluster = ByURL([":8301/ready": .json(200, "ready\n")])
        let error = await #expect(throws: OperatorError.self) {
            try await StatusRun(cluster: .sample, http: cluster, console: transcript.console).run()
        }

        #expect(error?.kind == .unreachable)
        #expect(
            transcript.output == """
                  edge-1    ready
                  origin-1  not ready: does not answer
                """
        )
    }

    @Test("one command: its state and its nodes'")
    func oneCommand() async throws {
        let cluster = ByURL([
            "/vignette/v1/commands/18": .json(200, """
                {"revision": 18, "kind": "erase", "scope": {"source": "wine.jpg"}, "status": "Pending",
                 "issuedBy": "ann", "issuedAt": "2026-11-24T22:31:22.123Z", "nodes": [
                  {"name": "edge-10", "state": "waiting", "atMostMilliseconds": 2000}, {"name": "edge-2", "state": "ended"},
                  {"name": "edge-3", "state": "a word of tomorrow"}, {"name": "edge-4", "state": "declared-dead"},
                  {"name": "edge-5", "state": "forgotten"}],
                 "removal": {"status": "Pending", "nodes": [{"name": "edge-3", "state": "removed", "objects": 1, "bytes": 5},
                   {"name": "edge-10", "state": "pending"}]}}
                """)
        ])
        _ = try await StatusRun(cluster: .sample, http: cluster, console: transcript.console).run(revision: 18)

        #expect(
            transcript.output == """
                Revision 18: erase of source 'wine.jpg', pending. Ordered by ann at 2026-11-24T22:31:22.123Z.
                  edge-2   ended, and answers nothing until it has caught up
                  edge-3   a word of tomorrow
                  edge-4   declared dead by the operator; its lease was not waited for
                  edge-5   forgotten; it answers nothing until it has joined anew, with empty caches
                  edge-10  waited for, at most 2.0 s
                Not removed everywhere yet:
                  edge-3   removed 1 object, 5 bytes
                  edge-10  has not reported yet: its disk may hold the bytes
                """
        )
    }
}

/// Answers by what the URL ends with; other URLs get no answer.
private struct ByURL: OperatorHTTP {
    let answers: [String: FakeCluster.Answer]

    init(_ answers: [String: FakeCluster.Answer]) {
        self.answers = answers
    }

    func send(_ request: OperatorRequest) async throws(OperatorError) -> OperatorResponse {
        let answer = answers.first { request.url.hasSuffix($0.key) }?.value ?? .silence
        return try await FakeCluster([answer]).send(request)
    }
}
