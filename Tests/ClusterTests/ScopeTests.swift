import Crypto
import Curl
import Foundation
import Testing

extension ClusterTests {
    /// Commands that name more, or less, than one source.
    @Suite struct Scopes {
        @Test func aPrefixReachesEveryVariantBelowItAndNothingElse() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            let below = ["lakes/2025/a.jpg", "lakes/2025b.jpg"]
            let beside = ["lakes/2024.jpg", "lakes-2025.jpg", "lakes/202.jpg", "x/lakes/2025/a.jpg"]
            for name in below + beside { photos.put(name, try TestPhotos.jpeg(1)) }
            try await Cluster.with(edges: 2, sources: photos.url) { cluster in
                let inside = below.flatMap { ["tr:w-60/\($0)", "\($0)?tr=w-40"] }
                let outside = beside.flatMap { ["tr:w-60/\($0)", "\($0)?tr=w-40"] }
                for (number, command) in [
                    ["--prefix", "lakes/2025"], [cluster.file.endpoint + "/lakes/2025*"], ["--prefix", "lakes%2F202%35*"],
                ].enumerated() {
                    let old = try await ClusterTests.Commands.all(cluster, inside + outside)
                    for name in below + beside { photos.put(name, try TestPhotos.jpeg(UInt8(50 * (number + 1)))) }
                    let purge = try await cluster.vignette(["purge"] + command + ["--wait"])
                    #expect(purge.status == 0, "\(purge.output)")
                    let new = try await ClusterTests.Commands.all(cluster, inside + outside)
                    for edge in 0..<2 {
                        for index in inside.indices { #expect(new[edge][index] != old[edge][index], "\(command) \(inside[index])") }
                        for index in outside.indices {
                            #expect(new[edge][inside.count + index] == old[edge][inside.count + index], "\(command) \(outside[index])")
                        }
                    }
                    let everything = try await cluster.vignette("purge", "--all", "--wait")
                    #expect(everything.status == 0, "\(everything.output)")
                }
            }
        }

        @Test func wildcardsThatNameTooMuchAreRefusedAsImageKitDoes() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            try await Cluster.with(edges: 1, sources: photos.url) { cluster in
                for path in ["*", "lakes/*", "media/catalog/*", "s/files/*", "lakes/*/a.jpg", "tr:w-100/lakes/2025*", "lakes/..*"] {
                    let answer = try await cluster.api("POST", "/v1/files/purge", ["url": "\(cluster.file.endpoint)/\(path)"])
                    #expect(answer.status == 400, "\(path)")
                    let message = try #require(answer.json["message"] as? String)
                    #expect(message.hasPrefix("The URL is not valid for cache purging."), "\(message)")
                }
                let taken = try await cluster.api("POST", "/v1/files/purge", ["url": "\(cluster.file.endpoint)/lakes/2025*"])
                #expect(taken.status == 201)
                let id = try #require(taken.json["requestId"] as? String)
                var status = ""
                while status != "Completed" {
                    status = try await cluster.api("GET", "/v1/files/purge/\(id)").json["status"] as? String ?? ""
                }
            }
        }

        @Test func aTagOfTheStorageReachesWhatBearsItAndNothingElse() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            let tagged = [["Surrogate-Key: season-3 cats"], ["Cache-Tag: dogs, season-3"]]
            func put(_ number: UInt8) throws {
                for (index, headers) in tagged.enumerated() {
                    photos.put("\(index).jpg", try TestPhotos.jpeg(number), headers: headers)
                }
                photos.put("2.jpg", try TestPhotos.jpeg(number), headers: ["Surrogate-Key: season-33 season"])
                photos.put("3.jpg", try TestPhotos.jpeg(number))
            }
            try put(1)
            try await Cluster.with(edges: 2, sources: photos.url) { cluster in
                let paths = (0...3).flatMap { ["tr:w-60/\($0).jpg", "tr:w-40,f-png/\($0).jpg"] }
                let old = try await ClusterTests.Commands.all(cluster, paths)
                try put(101)
                let purge = try await cluster.vignette("purge", "--tag", "season-3", "--wait")
                #expect(purge.status == 0, "\(purge.output)")
                let new = try await ClusterTests.Commands.all(cluster, paths)
                for edge in 0..<2 {
                    for index in 0..<4 { #expect(new[edge][index] != old[edge][index], "\(paths[index])") }
                    for index in 4..<8 { #expect(new[edge][index] == old[edge][index], "\(paths[index])") }
                }
            }
        }

        @Test func aSoftPurgeIsCheckedAgainstStorageAndOutlivesStorageThatIsDown() async throws {
            let photos = try PhotoServer()
            photos.put("a.jpg", try TestPhotos.jpeg(1))
            try await Cluster.with(edges: 2, sources: photos.url) { cluster in
                let old = try await cluster.get(0, "tr:w-60/a.jpg").body
                photos.put("a.jpg", try TestPhotos.jpeg(101))
                let first = try await cluster.vignette("purge", "--soft", "--source", "a.jpg", "--wait")
                #expect(first.status == 0, "\(first.output)")
                let new = try await cluster.get(0, "tr:w-60/a.jpg").body
                #expect(new != old, "storage had something newer")

                photos.stop()
                let second = try await cluster.vignette("purge", "--soft", "--all", "--wait")
                #expect(second.status == 0, "\(second.output)")
                let kept = try await cluster.get(0, "tr:w-60/a.jpg")
                #expect(kept.status == 200 && kept.body == new, "a stale copy stands in for a storage that is down")
                let hard = try await cluster.vignette("purge", "--all", "--wait")
                #expect(hard.status == 0, "\(hard.output)")
                #expect(try await cluster.get(0, "tr:w-60/a.jpg").status >= 500)
            }
        }

        @Test func aPrivateFileIsPurgedAndErasedUnderItsSignature() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            let mark = ["is-private-file: true"]
            photos.put("a.jpg", try TestPhotos.jpeg(1), headers: mark)
            try await Cluster.with(edges: 2, sources: photos.url) { cluster in
                let signed = cluster.signed("tr:w-60/a.jpg")
                #expect(try await cluster.get(0, "tr:w-60/a.jpg").status == 401)
                let old = try await ClusterTests.Commands.all(cluster, [signed])
                photos.put("a.jpg", try TestPhotos.jpeg(101), headers: mark)
                // The operator names it as it is asked for, signature and all; nobody is shown that.
                let purge = try await cluster.vignette("purge", "\(cluster.file.endpoint)/\(signed)", "--wait")
                #expect(purge.status == 0, "\(purge.output)")
                let status = try await cluster.vignette("status", "--json")
                #expect(!status.output.contains("ik-s="), "\(status.output)")
                let new = try await ClusterTests.Commands.all(cluster, [signed])
                for edge in 0..<2 { #expect(new[edge] != old[edge]) }
                let erase = try await cluster.vignette("erase", "a.jpg", "--wait-removed")
                #expect(erase.status == 0, "\(erase.output)")
                for edge in 0..<2 { for path in [signed, "tr:w-60/a.jpg"] { #expect(try await cluster.get(edge, path).status == 410) } }
                #expect(try await cluster.whereabouts(of: "a.jpg").nodes.allSatisfy(\.records.isEmpty))
            }
        }

        @Test func manyCommandsAreTakenAtOnceOrNotAtAll() async throws {
            let photos = try PhotoServer()
            defer { photos.stop() }
            try await Cluster.with(edges: 1, sources: photos.url) { cluster in
                let scopes = (0..<500).map { ["url": "\(cluster.file.endpoint)/tr:w-\($0 + 1)/a.jpg"] }
                let first = try await cluster.api("POST", "/vignette/v1/commands", ["kind": "purge", "scopes": scopes])
                #expect(first.status == 201)
                let revisions = try #require(first.json["revisions"] as? [Int])
                #expect(revisions.count == 500 && revisions == Array(revisions[0]..<revisions[0] + 500))
                let bad = try await cluster.api(
                    "POST", "/vignette/v1/commands", ["kind": "purge", "scopes": Array(scopes.prefix(3)) + [["url": "http://h/other/*"]]])
                #expect(bad.status == 400)
                #expect((bad.json["message"] as? String)?.hasPrefix("Number 4 of the commands") == true)
                let last = try await cluster.api("GET", "/vignette/v1/commands/\(revisions[499])?wait=60")
                #expect(last.json["status"] as? String == "Completed")
                #expect(try await cluster.api("GET", "/vignette/v1/status").json["revision"] as? Int == revisions[499])
            }
        }
    }
}

extension Cluster {
    func vignette(_ arguments: [String]) async throws -> (status: Int32, output: String) {
        try await Self.run(
            Self.binaries + "/vignette", arguments, environment: ["VIGNETTE_CLUSTER": data + "/cluster.json"])
    }

    /// One call of the API with the cluster's private key.
    func api(
        _ method: String, _ path: String, _ body: [String: any Sendable]? = nil
    ) async throws -> (status: Int, json: [String: Any]) {
        let key = Data("\(file.privateKey):".utf8).base64EncodedString()
        let response = try await client.perform(
            CurlRequest(
                method: method, url: file.apiURL + path,
                headers: [("Authorization", "Basic \(key)"), ("Content-Type", "application/json")],
                body: try body.map { Array(try JSONSerialization.data(withJSONObject: $0)) },
                timeouts: CurlTimeouts(connect: .seconds(5), total: .seconds(70), stall: nil)))
        let json = try? JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
        return (response.status, json ?? [:])
    }

    /// `path` with a signature that never expires (reference/imagekit-transformations.md §1.6).
    func signed(_ path: String) -> String {
        let code = HMAC<Insecure.SHA1>.authenticationCode(
            for: Data((path + "9999999999").utf8), using: SymmetricKey(data: Data(file.privateKey.utf8)))
        return path + "?ik-s=" + code.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
