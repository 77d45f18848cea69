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
                try await Self.read(from: [first, second], in: cluster)
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

        /// An edge goes by its origin's configuration, also after the origin came back with another one.
        @Test func edgesFollowAChangedConfiguration() async throws {
            let (first, second) = (try PhotoServer(), try PhotoServer())
            defer {
                first.stop()
                second.stop()
            }
            first.put("a.jpg", try TestPhotos.jpeg(1))
            second.put("b.jpg", try TestPhotos.jpeg(2))
            try await Cluster.with(edges: 1, sources: first.url) { cluster in
                #expect(try await cluster.get(0, "tr:w-9/a.jpg").status == 200)
                try await cluster.node("stop", "origin-1")
                try Self.write([second], in: cluster)
                try await cluster.node("start", "origin-1")
                // The edge hears of it with its next question to the origin; until then it holds what the old storage had.
                var answer = try await cluster.get(0, "tr:w-9/a.jpg")
                while [200, 503].contains(answer.status) { answer = try await cluster.get(0, "tr:w-9/a.jpg") }
                #expect(answer.status == 404)
                #expect(try await cluster.get(0, "tr:w-9/b.jpg").status == 200)
            }
        }

        static func read(from servers: [PhotoServer], in cluster: Cluster) async throws {
            for node in cluster.file.nodes.reversed() { try await cluster.node("stop", node.name) }
            try write(servers, in: cluster)
            for node in cluster.file.nodes.sorted(by: { $0.role > $1.role }) { try await cluster.node("start", node.name) }
        }

        private static func write(_ servers: [PhotoServer], in cluster: Cluster) throws {
            let storages = servers.enumerated().map { number, server in
                ["id": "s\(number)-\(server.url.split(separator: ":").last!)", "type": "web-folder", "baseURL": server.url]
            }
            try JSONSerialization.data(withJSONObject: storages)
                .write(to: URL(fileURLWithPath: cluster.data + "/storages.json"))
        }
    }
}
