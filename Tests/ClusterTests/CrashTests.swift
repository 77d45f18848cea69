import Curl
import Testing

extension ClusterTests {
    @Suite struct Crashes {
        @Test func contentsAndPurgesSurviveKillMinusNine() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            photos.put("kept.jpg", try TestPhotos.jpeg(1))
            photos.put("purged.jpg", try TestPhotos.jpeg(2))
            photos.put("erased.jpg", try TestPhotos.jpeg(3))
            try await Cluster.with(edges: 2, sources: photos.url, lease: 30) { cluster in
                let kept = try await cluster.get(0, "tr:w-99/kept.jpg").body
                let purged = try await cluster.get(0, "tr:w-99,f-png/purged.jpg").body
                #expect(try await cluster.get(0, "tr:w-99/erased.jpg").status == 200)
                photos.put("purged.jpg", try TestPhotos.jpeg(102))
                for command in [["purge", "--source", "purged.jpg"], ["erase", "erased.jpg"]] {
                    let done = try await Cluster.run(
                        Cluster.binaries + "/vignette", command + ["--wait"],
                        environment: ["VIGNETTE_CLUSTER": cluster.data + "/cluster.json"])
                    #expect(done.status == 0, "\(done.output)")
                }
                for name in ["edge-1", "origin-1"] { try await cluster.node("kill", name) }
                for name in ["origin-1", "edge-1"] { try await cluster.node("start", name) }
                let again = try await cluster.get(0, "tr:w-99/kept.jpg")
                #expect(again.body == kept)
                #expect(again.headers["Cache-Status"]?.contains("; hit") == true, "the edge's contents are there")
                #expect(photos.reads(of: "kept.jpg") == 1)
                #expect(try await cluster.get(0, "tr:w-99,f-png/purged.jpg").body != purged)
                #expect(try await cluster.get(0, "tr:w-99/erased.jpg").status == 410)
                #expect(try await cluster.get(1, "tr:w-99/erased.jpg").status == 410)
                let status = try await cluster.vignette("status")
                #expect(status.status == 0 && status.output.contains("edge-1"), "\(status.output)")
            }
        }

        @Test func hitsOutliveTheOriginForTheLeaseAndNoLonger() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            photos.put("a.jpg", try TestPhotos.jpeg(1))
            try await Cluster.with(edges: 1, sources: photos.url, lease: 4) { cluster in
                #expect(try await cluster.get(0, "tr:w-99/a.jpg").status == 200)
                try await cluster.node("kill", "origin-1")
                #expect(try await cluster.get(0, "tr:w-99/a.jpg").status == 200)
                var last = try await cluster.get(0, "tr:w-99/a.jpg")
                while last.status == 200 { last = try await cluster.get(0, "tr:w-99/a.jpg") }
                #expect(last.status == 503)
                #expect(last.headers["ik-error"]?.hasPrefix("ELEASE") == true)
                #expect(last.headers["Retry-After"] != nil)
                try await cluster.node("start", "origin-1")
                while last.status == 503 { last = try await cluster.get(0, "tr:w-99/a.jpg") }
                #expect(last.status == 200)
                #expect(last.headers["Cache-Status"]?.contains("; hit") == true)
            }
        }
    }
}
