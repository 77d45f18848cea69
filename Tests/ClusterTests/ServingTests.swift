import Curl
import Foundation
import Testing

extension ClusterTests {
    @Suite struct Serving {
        /// The promise of DESIGN §3: one storage read and one transform in the whole cluster.
        @Test func aColdVariantAskedEverywhereIsReadAndMadeOnce() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            photos.put("girl.jpg", try TestPhotos.jpeg(200))
            try await Cluster.with(sources: photos.url) { cluster in
                let answers = try await withThrowingTaskGroup(of: CurlResponse.self) { group in
                    for edge in 0..<3 {
                        for _ in 0..<50 {
                            group.addTask { try await cluster.get(edge, "tr:w-300,h-200,c-at_max,f-jpg/girl.jpg") }
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(answers.count == 150)
                #expect(answers.allSatisfy { $0.status == 200 && $0.body == answers[0].body })
                let size = TestPhotos.size(ofJPEG: answers[0].body)
                #expect(size?.width == 148 && size?.height == 200)
                #expect(photos.reads(of: "girl.jpg") == 1)
                #expect(try await cluster.metric("vignette_transforms_total", of: "origin-1") == 1)
                #expect(try await cluster.metric("vignette_storage_reads_total", of: "origin-1") == 1)
            }
        }

        @Test func answersCarryWhatClientsAndCachesNeed() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            photos.put("girl.jpg", try TestPhotos.jpeg(10))
            try await Cluster.with(edges: 1, sources: photos.url) { cluster in
                let first = try await cluster.get(0, "tr:w-100/girl.jpg", accept: "image/webp,*/*")
                #expect(first.status == 200)
                #expect(first.headers["Content-Type"] == "image/webp")
                #expect(first.headers["Vary"] == "Accept")
                #expect(first.headers["Cache-Control"]?.contains("max-age=31536000") == true)
                #expect(first.headers["Cache-Status"]?.contains("fwd=uri-miss") == true)
                let second = try await cluster.get(0, "girl.jpg?tr=w-100", accept: "image/webp,*/*")
                #expect(second.headers["Cache-Status"]?.contains("; hit") == true, "path and query form share one variant")
                #expect(second.body == first.body)
                #expect(second.headers["Age"] != nil)
                let tag = try #require(first.headers["ETag"])
                let conditional = try await cluster.client.perform(
                    CurlRequest(
                        url: cluster.file.endpoint + "/tr:w-100/girl.jpg",
                        headers: [("If-None-Match", tag), ("Accept", "image/webp")]))
                #expect(conditional.status == 304)
                let plain = try await cluster.get(0, "tr:w-100/girl.jpg")
                #expect(plain.headers["Content-Type"] == "image/jpeg")
                let missing = try await cluster.get(0, "nothing.jpg")
                #expect(missing.status == 404)
                #expect(missing.headers["ik-error"]?.hasPrefix("ENOENT - ") == true)
            }
        }

        @Test func nobodyWithoutTheTokenReadsTheCacheProtocol() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            try await Cluster.with(edges: 1, sources: photos.url) { cluster in
                let port = try #require(Int(cluster.file.apiURL.split(separator: ":").last ?? "")) + 100
                for path in ["follow", "fetch", "configuration"] {
                    for token in ["", "Bearer wrong"] {
                        let answer = try await cluster.client.perform(
                            CurlRequest(
                                method: path == "configuration" ? "GET" : "POST",
                                url: "http://127.0.0.1:\(port)/cache/v1/\(path)", headers: [("Authorization", token)],
                                body: path == "configuration" ? nil : [1, 2, 3]))
                        #expect(answer.status == 401)
                    }
                }
                let command = try await cluster.client.perform(
                    CurlRequest(
                        method: "POST", url: cluster.file.apiURL + "/vignette/v1/commands",
                        headers: [("Authorization", "Basic d3Jvbmc6")],
                        body: Array(#"{"kind":"purge","scope":{"all":true}}"#.utf8)))
                #expect(command.status == 403)
                let key = "Basic " + Data("\(cluster.file.privateKey):".utf8).base64EncodedString()
                for (path, body) in [
                    ("/nothing", "{}"), ("/vignette/v1/commands", "no JSON"),
                    ("/vignette/v1/commands", #"{"kind":"purge","scope":{"source":"a.jpg"},"by":"a\u0000b"}"#),
                    ("/vignette/v1/commands", #"{"kind":"purge","scope":{"source":"a.jpg?tr=w-5"}}"#),
                    ("/vignette/v1/commands", String(repeating: " ", count: 100_000)),
                ] {
                    let answer = try await cluster.client.perform(
                        CurlRequest(
                            method: "POST", url: cluster.file.apiURL + path, headers: [("Authorization", key)],
                            body: Array(body.utf8)))
                    #expect((400...499).contains(answer.status), "\(path): \(answer.status)")
                    let error = try JSONDecoder().decode([String: String].self, from: Data(answer.body))
                    #expect(error["message"]?.isEmpty == false && error["help"]?.isEmpty == false, "\(path)")
                }
            }
        }

        @Test func aWorkerThatDiesCostsItsOwnRequestOnly() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            for number in 0..<8 { photos.put("\(number).jpg", try TestPhotos.jpeg(UInt8(number), width: 3000, height: 3000)) }
            try await Cluster.with(edges: 1, sources: photos.url) { cluster in
                let origin = try #require(cluster.file.nodes.first { $0.role == "origin" }?.pid)
                async let slow = cluster.get(0, "tr:w-2900,f-avif/0.jpg")
                try await Processes.killBusyChild(of: origin)
                let broken = try await slow
                #expect(broken.status == 500)
                #expect(broken.headers["ik-error"]?.hasPrefix("ECRASH") == true)
                for number in 1..<8 {
                    let answer = try await cluster.get(0, "tr:w-50/\(number).jpg")
                    #expect(answer.status == 200)
                }
                let again = try await cluster.get(0, "tr:w-40/0.jpg")
                #expect(again.status == 200)
            }
        }

        @Test func everyNodesMetricsAreWhatPrometheusReads() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            photos.put("a.jpg", try TestPhotos.jpeg(3))
            try await Cluster.with(edges: 1, sources: photos.url) { cluster in
                #expect(try await cluster.get(0, "tr:w-30/a.jpg").status == 200)
                #expect(try await cluster.get(0, "tr:w-30/a.jpg").status == 200)
                for node in cluster.file.nodes {
                    let check = try await Cluster.run(
                        "/bin/sh", ["-c", "curl -fsS '\(node.metricsURL)' | promtool check metrics"])
                    #expect(check.status == 0, "\(node.name): \(check.output)")
                }
                #expect(try await cluster.metric("vignette_cache_objects", of: "edge-1") == 1)
                #expect(try await cluster.metric("vignette_cache_memory_hits_total", of: "edge-1") >= 1)
                #expect(try await cluster.metric("vignette_lease_seconds", of: "edge-1") > 0)
            }
        }
    }
}
