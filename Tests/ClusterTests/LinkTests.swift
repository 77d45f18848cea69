import Testing

/// DESIGN §2: hostile bytes are decoded in a process of their own, and an edge carries no database.
@Suite struct LinkTests {
    @Test func neitherEdgeNorOriginLinksLibvipsAndTheEdgeLinksNoDatabase() async throws {
        let edge = try await libraries(of: "vignette-edge")
        let origin = try await libraries(of: "vignette-origin")
        let worker = try await libraries(of: "vignette-worker")
        #expect(worker.contains("libvips"))
        #expect(!edge.contains("libvips") && !origin.contains("libvips"))
        #expect(!edge.contains("libsqlite3") && !edge.contains("libpq"))
        #expect(edge.contains("libcurl") && edge.contains("liblz4"))
    }

    private func libraries(of executable: String) async throws -> String {
        let result = try await Cluster.run("/usr/bin/ldd", ["\(Cluster.binaries)/\(executable)"])
        #expect(result.status == 0)
        return result.output
    }
}
