import Crypto
import Curl
import Foundation
import Glibc
import Testing

extension ClusterTests {
    @Suite struct Configuration {
        @Test func aRevokedSigningKeyOpensNothingOnceTheCommandIsCompleted() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            photos.put("a.jpg", try TestPhotos.jpeg(1), headers: ["Is-Private-File: true"])
            try await Cluster.with(sources: photos.url) { cluster in
                let old = cluster.signed("tr:w-80/a.jpg", key: cluster.file.privateKey)
                let new = cluster.signed("tr:w-80/a.jpg", key: "next")
                for _ in 0..<2 { for edge in 0..<3 { #expect(try await cluster.get(edge, old).status == 200) } }
                #expect(try await cluster.get(0, old).headers["Cache-Status"]?.contains("; hit") == true)
                #expect(try await cluster.get(0, "tr:w-80/a.jpg").status == 401, "it is private")
                #expect(try await cluster.get(0, new).status == 401)

                try cluster.write(secret: "next.1", "next")
                try await cluster.configure { $0["signingKeys"] = [["id": "default", "version": 1], ["id": "next", "version": 1]] }
                for edge in 0..<3 {
                    #expect(try await cluster.get(edge, old).status == 200)
                    #expect(try await cluster.get(edge, new).status == 200)
                }
                try await cluster.configure { $0["signingKeys"] = [["id": "next", "version": 1]] }
                for edge in 0..<3 {
                    #expect(try await cluster.get(edge, old).status == 401, "edge \(edge)")
                    #expect(try await cluster.get(edge, new).headers["Cache-Status"]?.contains("; hit") == true, "edge \(edge)")
                }
                // Nor after a restart, although the settings of the origin still give that key.
                for node in ["origin-1", "edge-1"] { try await cluster.node("kill", node) }
                for node in ["origin-1", "edge-1"] { try await cluster.node("start", node) }
                #expect(try await cluster.get(0, old).status == 401)
                #expect(try await cluster.get(0, new).status == 200)
            }
        }

        @Test func whatCameFromARemovedStorageIsGoneAlsoWhenItIsAddedBack() async throws {
            let (kept, taken) = (try PhotoServer(), try PhotoServer())
            defer {
                kept.stop()
                taken.stop()
            }
            kept.put("kept.jpg", try TestPhotos.jpeg(1))
            taken.put("a.jpg", try TestPhotos.jpeg(2))
            try await Cluster.with(sources: kept.url) { cluster in
                let both: [[String: Any]] = [web("photos", kept), web("taken", taken)]
                try await cluster.configure {
                    $0["storages"] = both
                    $0["endpoints"] = [["id": "", "storages": ["photos", "taken"]]]
                }
                let paths = ["tr:w-90,f-png/a.jpg", "tr:w-90,f-png/kept.jpg"]
                let old = try await cluster.bodies(paths)
                taken.put("a.jpg", try TestPhotos.jpeg(102))
                #expect(try await cluster.bodies(paths) == old, "caches answer before")

                try await cluster.configure {
                    $0["storages"] = [web("photos", kept)]
                    $0["endpoints"] = [["id": "", "storages": ["photos"]]]
                }
                for edge in 0..<3 {
                    #expect(try await cluster.get(edge, paths[0]).status == 404, "edge \(edge)")
                    #expect(try await cluster.get(edge, paths[1]).body == old[edge][1], "edge \(edge)")
                }
                try await cluster.configure {
                    $0["storages"] = both
                    $0["endpoints"] = [["id": "", "storages": ["photos", "taken"]]]
                }
                let new = try await cluster.bodies(paths)
                for edge in 0..<3 {
                    #expect(new[edge][0] != old[edge][0], "edge \(edge) serves what was revoked")
                    #expect(new[edge][1] == old[edge][1])
                }
            }
        }

        /// The fall-back's copy was right while the first storage had no such file; it is not looked for any more.
        @Test func anIdThatMeansAnotherPlaceIsConfirmedAndThenServesThatPlace() async throws {
            let (first, second, fallBack) = (try PhotoServer(), try PhotoServer(), try PhotoServer())
            defer { for server in [first, second, fallBack] { server.stop() } }
            first.put("a.jpg", try TestPhotos.jpeg(1))
            for server in [second, fallBack] { server.put("b.jpg", try TestPhotos.jpeg(server === second ? 2 : 3)) }
            try await Cluster.with(edges: 1, sources: first.url) { cluster in
                try await cluster.configure {
                    $0["storages"] = [web("photos", first), web("fall-back", fallBack)]
                    $0["endpoints"] = [["id": "", "storages": ["photos", "fall-back"]]]
                }
                #expect(try await cluster.get(0, "tr:w-50/a.jpg").status == 200)
                let old = try await cluster.get(0, "tr:w-50,f-png/b.jpg")
                #expect(old.status == 200)
                let moved: (inout [String: Any]) -> Void = { $0["storages"] = [web("photos", second), web("fall-back", fallBack)] }
                let refused = try await cluster.apply(moved)
                #expect(refused.status == 1 && refused.output.contains("meant another place before"), "\(refused.output)")
                #expect(try await cluster.get(0, "tr:w-50/a.jpg").status == 200)
                let confirmed = try await cluster.apply(moved, "--replace", "photos")
                #expect(confirmed.status == 0, "\(confirmed.output)")
                #expect(try await cluster.get(0, "tr:w-50/a.jpg").status == 404)
                #expect(try await cluster.get(0, "tr:w-50,f-png/b.jpg").body != old.body)
            }
        }

        @Test func anEndpointIsAddedAndRemoved() async throws {
            let (photos, shop) = (try PhotoServer(), try PhotoServer())
            defer {
                photos.stop()
                shop.stop()
            }
            photos.put("a.jpg", try TestPhotos.jpeg(1))
            shop.put("a.jpg", try TestPhotos.jpeg(2))
            try await Cluster.with(edges: 2, sources: photos.url) { cluster in
                let standard = try await cluster.get(0, "tr:w-70,f-png/a.jpg").body
                #expect(try await cluster.get(1, "shop/tr:w-70,f-png/a.jpg").status == 404)
                let added: (inout [String: Any]) -> Void = {
                    $0["storages"] = [web("photos", photos), web("shop", shop)]
                    $0["endpoints"] = [["id": "", "storages": ["photos"]], ["id": "shop", "storages": ["shop"]]]
                }
                try await cluster.configure(added)
                let old = try await cluster.get(1, "shop/tr:w-70,f-png/a.jpg")
                #expect(old.status == 200 && old.body != standard)
                #expect(try await cluster.get(1, "tr:w-70,f-png/a.jpg").body == standard)
                shop.put("a.jpg", try TestPhotos.jpeg(102))
                try await cluster.configure { $0["endpoints"] = [["id": "", "storages": ["photos"]]] }
                #expect(try await cluster.get(1, "shop/tr:w-70,f-png/a.jpg").status == 404)
                #expect(try await cluster.get(1, "tr:w-70,f-png/a.jpg").headers["Cache-Status"]?.contains("; hit") == true)
                try await cluster.configure(added)
                let new = try await cluster.get(1, "shop/tr:w-70,f-png/a.jpg")
                #expect(new.status == 200 && new.body != old.body)
            }
        }

        @Test func aChangedNamedTransformationGivesOtherBytesAtOnce() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            photos.put("a.jpg", try TestPhotos.jpeg(1))
            try await Cluster.with(sources: photos.url) { cluster in
                #expect(try await cluster.get(0, "tr:n-thumb/a.jpg").status == 400)
                for width in [120, 60, 120] {
                    try await cluster.configure { $0["transformations"] = ["thumb": "w-\(width),f-jpg"] }
                    for edge in 0..<3 {
                        let answer = try await cluster.get(edge, "tr:n-thumb/a.jpg")
                        #expect(TestPhotos.size(ofJPEG: answer.body)?.width == width, "edge \(edge)")
                    }
                }
                try await cluster.configure { $0["transformations"] = [String: String]() }
                for edge in 0..<3 { #expect(try await cluster.get(edge, "tr:n-thumb/a.jpg").status == 400) }
            }
        }

        /// Two endpoints, one edge that is stopped: what only the strict one serves waits for the strict lease alone.
        @Test func aPurgeWaitsForTheLeaseOfTheEndpointsThatServeTheSourceOnly() async throws {
            let (photos, strict) = (try PhotoServer(), try PhotoServer())
            defer {
                photos.stop()
                strict.stop()
            }
            photos.put("a.jpg", try TestPhotos.jpeg(1))
            strict.put("s.jpg", try TestPhotos.jpeg(2))
            try await Cluster.with(edges: 2, sources: photos.url, lease: 60) { cluster in
                try await cluster.configure {
                    $0["storages"] = [web("photos", photos), web("strict", strict)]
                    $0["endpoints"] = [
                        ["id": "", "storages": ["photos"], "leaseSeconds": 60],
                        ["id": "now", "storages": ["strict"], "strict": true, "leaseSeconds": 2, "privateLeaseSeconds": 2],
                    ]
                }
                let old = try await cluster.get(1, "now/tr:w-60,f-png/s.jpg").body
                let pid = try #require(cluster.edges[1].pid)
                kill(pid, SIGSTOP)
                defer { kill(pid, SIGCONT) }
                strict.put("s.jpg", try TestPhotos.jpeg(102))
                let url = cluster.file.endpoint + "/now/tr:w-60,f-png/s.jpg"
                let purge = try await cluster.vignette("purge", url, "--wait", "--timeout", "20")
                #expect(purge.status == 0, "\(purge.output)")
                #expect(purge.output.contains("lease ran out"), "\(purge.output)")
                let other = try await cluster.vignette("purge", "--all", "--wait", "--timeout", "4")
                #expect(other.status == 3, "everything includes the endpoint with the long lease: \(other.output)")
                kill(pid, SIGCONT)
                var answer = try await cluster.get(1, "now/tr:w-60,f-png/s.jpg")
                while answer.status == 503 { answer = try await cluster.get(1, "now/tr:w-60,f-png/s.jpg") }
                #expect(answer.body != old)
            }
        }

        /// While the configuration changes back and forth, no answer is of another size than one of the two says, and none
        /// lies under the other's URL.
        @Test func noVariantIsKeptUnderAnotherOnesURLWhileDefinitionsChange() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            for number in 0..<40 { photos.put("p\(number).jpg", try TestPhotos.jpeg(UInt8(number), width: 200, height: 100)) }
            try await Cluster.with(edges: 2, sources: photos.url) { cluster in
                try await cluster.configure { $0["transformations"] = ["s": "w-50,f-jpg"] }
                try await withThrowingTaskGroup { group in
                    for edge in 0..<2 {
                        group.addTask {
                            for number in 0..<40 {
                                let answer = try await cluster.get(edge, "tr:n-s/p\(number).jpg")
                                let width = TestPhotos.size(ofJPEG: answer.body)?.width
                                #expect(answer.status == 200 && [50, 40].contains(width), "\(answer.status) \(width ?? 0)")
                            }
                        }
                    }
                    for width in [40, 50, 40, 50, 40] {
                        try await cluster.configure { $0["transformations"] = ["s": "w-\(width),f-jpg"] }
                    }
                    try await group.waitForAll()
                }
                for edge in 0..<2 {
                    for number in 0..<40 {
                        for width in [40, 50] {
                            let answer = try await cluster.get(edge, "tr:w-\(width),f-jpg/p\(number).jpg")
                            #expect(TestPhotos.size(ofJPEG: answer.body)?.width == width)
                        }
                    }
                }
            }
        }

        @Test func operatorsSeeCheckAndAreToldWhatIsWrong() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            try await Cluster.with(edges: 1, sources: photos.url) { cluster in
                let show = try await cluster.vignette("config", "show")
                #expect(show.status == 0 && show.output.contains("In force since revision 1."), "\(show.output)")
                #expect(!show.output.contains(cluster.file.privateKey))
                let path = cluster.data + "/edited.json"
                try Data("{\"account\": \"demo\", \"endpoints\": [], \"storages\": []}".utf8).write(to: URL(filePath: path))
                let wrong = try await cluster.vignette("config", "check", path)
                #expect(wrong.status == 1 && wrong.output.contains("There is no default endpoint"), "\(wrong.output)")
                let refused = try await cluster.vignette("config", "apply", path, "--wait")
                #expect(refused.status == 1, "\(refused.output)")
                try await cluster.edit { $0["endpoints"] = [["id": "", "storages": ["other"]]]; $0["storages"] = [web("other", photos)] }
                    .write(to: URL(filePath: path))
                let renamed = try await cluster.vignette("config", "check", path)
                #expect(renamed.status == 1 && renamed.output.contains("was called \"photos\""), "\(renamed.output)")
                let plan = try await cluster.vignette("config", "check", path, "--replace", "other")
                #expect(plan.status == 0 && plan.output.contains("everything from storage 'photos'"), "\(plan.output)")
                #expect(try await cluster.vignette("config", "show").output == show.output, "nothing has changed")
                // Two operators began from the same one.
                try await cluster.edit { $0["transformations"] = ["thumb": "w-80"] }.write(to: URL(filePath: path))
                let first = try await cluster.vignette("config", "apply", path, "--after", "1", "--wait")
                #expect(first.status == 0, "\(first.output)")
                let second = try await cluster.vignette("config", "apply", path, "--after", "1", "--wait")
                #expect(second.status == 1 && second.output.contains("somebody has replaced it meanwhile"), "\(second.output)")
            }
        }
    }
}

/// A storage of a configuration.
func web(_ id: String, _ server: PhotoServer) -> [String: Any] {
    ["id": id, "type": "web-folder", "baseURL": server.url]
}

extension Cluster {
    /// The configuration in force after an edit.
    func edit(_ change: (inout [String: Any]) -> Void) async throws -> Data {
        let show = try await vignette("config", "show", "--json")
        let whole = try #require(try JSONSerialization.jsonObject(with: Data(show.output.utf8)) as? [String: Any])
        var document = try #require(whole["document"] as? [String: Any])
        change(&document)
        return try JSONSerialization.data(withJSONObject: document)
    }

    /// `vignette config apply --wait`.
    func apply(_ change: (inout [String: Any]) -> Void, _ options: String...) async throws -> (status: Int32, output: String) {
        let path = data + "/configuration-\(UInt64.random(in: 0 ... .max)).json"
        try await edit(change).write(to: URL(filePath: path))
        return try await Self.run(
            Self.binaries + "/vignette", ["config", "apply", path, "--wait"] + options,
            environment: ["VIGNETTE_CLUSTER": data + "/cluster.json"])
    }

    func configure(_ change: (inout [String: Any]) -> Void) async throws {
        let done = try await apply(change)
        guard done.status == 0 else { throw ClusterFailure(done.output) }
    }

    func write(secret name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(data)/secrets/\(name)"))
    }

    /// `path` as an SDK signs it.
    func signed(_ path: String, key: String) -> String {
        let digest = HMAC<Insecure.SHA1>.authenticationCode(
            for: Array((path + "9999999999").utf8), using: SymmetricKey(data: Array(key.utf8)))
        return "\(path)?ik-s=" + digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// By edge, then by path.
    func bodies(_ paths: [String]) async throws -> [[[UInt8]]] {
        var bodies: [[[UInt8]]] = []
        for edge in edges.indices {
            var ofEdge: [[UInt8]] = []
            for path in paths {
                let answer = try await get(edge, path)
                #expect(answer.status == 200, "\(path) on edge \(edge)")
                ofEdge.append(answer.body)
            }
            bodies.append(ofEdge)
        }
        return bodies
    }
}
