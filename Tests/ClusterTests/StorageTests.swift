import Curl
import Foundation
import Testing

extension ClusterTests {
    @Suite struct Storages {
        /// A read that asked the first storage before a purge, and took the old file from the second after it, must not
        /// look newer than the purge: "there is none here" was a part of what was read.
        @Test func aFallBackThatAPurgeOvertookIsNotServedAfterwards() async throws {
            let (first, second) = (try PhotoServer(), try PhotoServer())
            defer {
                first.stop()
                second.stop()
            }
            second.put("a.jpg", try TestPhotos.jpeg(1))
            try await Cluster.with(edges: 2, sources: first.url) { cluster in
                try await cluster.configure {
                    $0["storages"] = [web("photos", first), web("fall-back", second)]
                    $0["endpoints"] = [["id": "", "storages": ["photos", "fall-back"]]]
                }
                first.hold("a.jpg")
                async let slow = cluster.get(0, "tr:w-64,f-png/a.jpg")
                while first.reads(of: "a.jpg") == 0 { await Task.yield() }
                first.put("a.jpg", try TestPhotos.jpeg(101))
                let purge = try await cluster.vignette("purge", "--source", "a.jpg", "--wait")
                #expect(purge.status == 0, "\(purge.output)")
                first.letGo("a.jpg")
                let fresh = try await slow
                #expect(fresh.status == 200)
                first.put("a.jpg", nil)
                let again = try await cluster.vignette("purge", "--source", "a.jpg", "--wait")
                #expect(again.status == 0, "\(again.output)")
                let old = try await cluster.get(0, "tr:w-64,f-png/a.jpg").body
                #expect(fresh.body != old, "what the first storage had, not what the second has")
            }
        }

        /// A new configuration needs no restart, and an edge that was away goes by it before it answers.
        @Test func edgesFollowAChangedConfiguration() async throws {
            let (first, second) = (try PhotoServer(), try PhotoServer())
            defer {
                first.stop()
                second.stop()
            }
            first.put("a.jpg", try TestPhotos.jpeg(1))
            second.put("b.jpg", try TestPhotos.jpeg(2))
            try await Cluster.with(edges: 2, sources: first.url) { cluster in
                for edge in 0..<2 { #expect(try await cluster.get(edge, "tr:w-9/a.jpg").status == 200) }
                try await cluster.node("stop", "edge-2")
                try await cluster.configure {
                    $0["storages"] = [web("second", second)]
                    $0["endpoints"] = [["id": "", "storages": ["second"]]]
                }
                try await cluster.node("start", "edge-2")
                for edge in 0..<2 {
                    #expect(try await cluster.get(edge, "tr:w-9/a.jpg").status == 404)
                    #expect(try await cluster.get(edge, "tr:w-9/b.jpg").status == 200)
                }
            }
        }
    }
}
