import Testing

@testable import OperatorCLI

@Suite("where")
struct WhereRunTests {
    private let transcript = Transcript()

    @Test("every record of every node, and the totals")
    func records() async throws {
        let (status, cluster) = try await run(
            """
            {"source": "a b.jpg", "silent": [], "nodes": [
              {"name": "origin-1", "role": "origin", "records": [
                 {"cache": "sources", "tier": "dead", "key": "0f", "contentType": "image/jpeg", "bytes": 1000}]},
              {"name": "edge-1", "role": "edge", "records": [
                 {"cache": "variants", "tier": "disk", "key": "aa", "contentType": "image/webp", "bytes": 20},
                 {"cache": "variants", "tier": "memory", "key": "aa", "contentType": "image/webp", "bytes": 20}]},
              {"name": "edge-2", "role": "edge", "records": []}]}
            """)

        #expect(status == .done)
        #expect(cluster.requests[0].url == "http://127.0.0.1:8100/vignette/v1/where?source=a%20b.jpg")
        #expect(
            transcript.output == """
                Source 'a b.jpg': 3 records, 1040 bytes, on 2 of 3 nodes.
                  edge-1    variants  disk  image/webp  20 bytes  aa
                  edge-1    variants  memory  image/webp  20 bytes  aa
                  edge-2    nothing
                  origin-1  sources  dead  image/jpeg  1000 bytes  0f
                """)
        #expect(transcript.notices == "")
    }

    @Test("nothing anywhere is said plainly")
    func nothing() async throws {
        let (status, _) = try await run(
            #"{"source": "a.jpg", "silent": [], "nodes": [{"name": "edge-1", "role": "edge", "records": []}]}"#)

        #expect(status == .done)
        #expect(transcript.output == "Nothing of source 'a.jpg' is kept on any of the 1 nodes.")
    }

    @Test("nodes that did not tell are named, and the exit status says so")
    func silent() async throws {
        let (status, _) = try await run(
            """
            {"source": "a.jpg", "silent": [{"name": "edge-2", "reason": "it is not connected"}], "nodes": [
              {"name": "edge-1", "role": "edge", "records": [], "failure": "its disk fails"}]}
            """)

        #expect(status == .timedOut)
        #expect(transcript.output == "Nothing of source 'a.jpg' is kept on the nodes that told.")
        #expect(transcript.notices == "edge-2 did not tell: it is not connected\nedge-1 can't tell all: its disk fails")
    }

    private func run(_ answer: String) async throws -> (Outcome, FakeCluster) {
        let cluster = FakeCluster([.json(200, answer)])
        let run = WhereRun(api: OperatorAPI(cluster: .sample, http: cluster), console: transcript.console)
        return (try await run.run("a b.jpg"), cluster)
    }
}
